// Members that are not what they seem: null, empty, or another purpose's. None counts as left out.
#include <catch2/catch.hpp>

#include "tests/support/house_keys.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

struct Place {
  Place() : house(settings(), nullptr) { house.add(alice(), "correct horse"); }
  static HouseSettings settings() {
    HouseSettings settings;
    settings.policies.registration = auth::Registration::open;
    return settings;
  }
  Result<Json> run(std::string_view operation, Carrier carrier, Json fields) {
    Message message = message_of(operation, carrier);
    message.fields = std::move(fields);
    return house.operations().run(message);
  }
  House house;
};

struct Sent {
  const char* operation;
  Carrier carrier;
  const char* fields;
};

Json named() {
  return Json::object().set("username", "alice");
}

}  // namespace

TEST_CASE("S72 a member that is null is of the wrong type and not left out") {
  for (const Sent& sent : {
           Sent{"challenge.issue", Carrier::http, R"({"username":"alice","account":null})"},
           Sent{"challenge.issue", Carrier::http, R"({"username":"alice","purpose":null})"},
           Sent{"challenge.issue", Carrier::http, R"({"username":"alice","transport":null})"},
           Sent{"challenge.issue", Carrier::http, R"({"username":"alice","reason":null})"},
           Sent{"challenge.issue", Carrier::http, R"({"username":"bob","purpose":"enrol","invite":null})"},
           Sent{"account.enrol", Carrier::http, R"({"response":"x","public_key":"y","invite":null})"},
           Sent{"account.enrol", Carrier::http, R"({"username":"m","password":"p","managed":true,"invite":"ci_x"})"},
           Sent{"invite.new", Carrier::local, R"({"username":null,"lifetime_seconds":60})"},
           Sent{"session.open", Carrier::http, R"({"username":"alice","account":null,"password":"correct horse"})"},
           Sent{"session.open", Carrier::http, R"({"response":null})"},
           Sent{"account.enrol", Carrier::http, R"({"username":"m","password":"p","managed":true,"escrow":null})"},
           Sent{"account.enrol", Carrier::http, R"({"username":"m","password":"p","managed":null})"},
           Sent{"key.revoke", Carrier::http,
                R"({"username":"alice","password":"correct horse","reason":"key_retired","note":null})"},
           Sent{"account.revoke", Carrier::local, R"({"username":"alice","reason":"key_retired","note":null})"},
           Sent{"account.list", Carrier::local, R"({"limit":null})"},
       }) {
    CAPTURE(sent.operation, sent.fields);
    Place place;
    CHECK(outcome(place.run(sent.operation, sent.carrier, must(parse_json(sent.fields)))) == "malformed_message");
  }
}

TEST_CASE("S72 a name that is empty is not left out") {
  for (const Sent& sent : {
           Sent{"challenge.issue", Carrier::http, R"({"username":"alice","account":""})"},
           Sent{"challenge.issue", Carrier::local, R"({"username":"alice","account":""})"},
           Sent{"session.open", Carrier::http, R"({"username":"alice","account":"","password":"correct horse"})"},
           Sent{"password.remove", Carrier::local, R"({"username":"alice","account":""})"},
           Sent{"challenge.issue", Carrier::http, R"({"username":"bob","purpose":"enrol","invite":""})"},
           Sent{"account.enrol", Carrier::http, R"({"response":"x","public_key":"y","invite":""})"},
           Sent{"invite.new", Carrier::local, R"({"username":"","lifetime_seconds":60})"},
       }) {
    CAPTURE(sent.operation, sent.fields);
    Place place;
    CHECK(outcome(place.run(sent.operation, sent.carrier, must(parse_json(sent.fields)))) == "malformed_message");
  }
  Place place;
  const Json by_id = Json::object().set("username", "").set("account", alice().account());
  CHECK(outcome(place.run("challenge.issue", Carrier::http, by_id)) == "malformed_message");
}

TEST_CASE("a challenge takes no member of another purpose and says whose it is") {
  Place place;
  const std::pair<const char*, records::Purpose> members[] = {{"public_key", records::Purpose::enrol},
                                                              {"new_public_key", records::Purpose::rotate},
                                                              {"reason", records::Purpose::revoke},
                                                              {"invite", records::Purpose::enrol}};
  for (const Carrier carrier : {Carrier::http, Carrier::local, Carrier::courier}) {
    for (const auto& [member, takes] : members) {
      for (const records::Purpose asked :
           {records::Purpose::login, records::Purpose::enrol, records::Purpose::rotate, records::Purpose::revoke}) {
        if (asked == takes) continue;
        for (const char* value : {"key_retired", ""}) {
          CAPTURE(member, name_of(asked));
          const auto answer =
              place.run("challenge.issue", carrier, named().set("purpose", name_of(asked)).set(member, value));
          REQUIRE(outcome(answer) == "malformed_message");
          CHECK(answer.error().detail.find("'" + std::string(member) + "'") != std::string::npos);
          CHECK(answer.error().detail.find(name_of(takes)) != std::string::npos);
          CHECK(answer.error().detail.find(name_of(asked)) != std::string::npos);
        }
      }
    }
    // Who forgets the purpose asks for a login.
    CHECK(outcome(place.run("challenge.issue", carrier, named().set("reason", "key_retired"))) == "malformed_message");
    CHECK(outcome(place.run("challenge.issue", carrier,
                            named().set("purpose", "revoke").set("reason", "key_retired"))) == "ok");
  }
}

TEST_CASE("a message that holds nothing or is cut off is malformed to the network and a proof that fails is denied") {
  Place place;
  const auto face = [&](std::string_view operation, Json fields) {
    return name_of(face_of_outcome(place.run(operation, Carrier::http, std::move(fields))));
  };
  const std::string header = "-----BEGIN PGP SIGNED MESSAGE-----\n";
  for (const char* operation : {"session.open", "account.enrol", "key.revoke", "key.rotate"}) {
    for (const std::string& text : {std::string(), std::string("\n"), header, std::string("nothing")}) {
      CAPTURE(operation, text);
      CHECK(face(operation, Json::object().set("response", text)) == "malformed");
    }
  }
  for (const char* certificate : {"", "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n", "nothing"}) {
    CAPTURE(certificate);
    CHECK(face("key.revoke", named().set("revocation_certificate", certificate)) == "malformed");
    CHECK(face("key.revoke", Json::object().set("username", "nobody").set("revocation_certificate", certificate)) ==
          "malformed");
  }
  CHECK(face("session.open", Json::object().set("challenge", "AAAA").set("signature", "")) == "denied");
}

TEST_CASE("S20 a password of four KiB as it is sent passes every limit of size") {
  std::string decomposed;
  for (int i = 0; i < 512; ++i) decomposed += "e\xcc\x81";
  std::string composed;
  for (int i = 0; i < 512; ++i) composed += "\xc3\xa9";
  Place place;
  REQUIRE(outcome(place.run("password.set", Carrier::local, named().set("password", decomposed))) == "ok");
  CHECK(outcome(place.run("session.open", Carrier::http, named().set("password", composed))) == "ok");
  CHECK(outcome(place.run("session.open", Carrier::http, named().set("password", decomposed))) == "ok");
  const std::string longest(4u << 10, 'x');
  for (const char* operation : {"password.set", "session.open"}) {
    const Carrier carrier = operation == std::string_view("session.open") ? Carrier::http : Carrier::local;
    CHECK(outcome(place.run(operation, carrier, named().set("password", longest))) == "malformed_message");
  }
}
