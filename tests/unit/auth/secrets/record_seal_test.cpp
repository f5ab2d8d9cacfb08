#include "auth/secrets/record_seal.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

Json record() {
  return Json::object().set("version", 1).set("text", "caf\xC3\xA9 \" \\ \n").set("list", Json::array());
}

std::string opened(const secrets::RecordSeal& seal, std::string_view name, std::string_view text) {
  return outcome(seal.open(name, as_bytes(text)));
}

}  // namespace

TEST_CASE("a sealed record opens under its name and without its MAC") {
  SealedGround ground;
  const Bytes bytes = ground.seal.close("users/a.account", record());
  CHECK(must(ground.seal.open("users/a.account", bytes)) == record());
}

TEST_CASE("S55 every flipped byte of a record is noticed") {
  SealedGround ground;
  const Bytes bytes = ground.seal.close("a", record());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = bytes;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1 << bit));
      const auto result = ground.seal.open("a", flipped);
      CAPTURE(at, bit, to_string(flipped));
      REQUIRE_FALSE(result.has_value());
      // secret_missing where the flip hit the id of the key.
      const Face face = face_of(result.error().code);
      CHECK((face == Face::integrity || result.error().code == ErrorCode::secret_missing));
    }
  }
}

TEST_CASE("S55 a record cut off anywhere is noticed") {
  SealedGround ground;
  const std::string text = to_string(ground.seal.close("a", record()));
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK(opened(ground.seal, "a", text.substr(0, size)) == "record_unreadable");
  }
}

TEST_CASE("S55 a record moved to another name is noticed") {
  SealedGround ground;
  const std::string text = to_string(ground.seal.close("users/a.account", record()));
  CHECK(opened(ground.seal, "users/b.account", text) == "record_tampered");
  CHECK(opened(ground.seal, "", text) == "record_tampered");
}

TEST_CASE("S55 a record of other secrets is refused even under the id of our key") {
  SealedGround ground;
  SealedGround other;
  const std::string text = to_string(other.seal.close("a", record()));
  CHECK(opened(ground.seal, "a", text) == "secret_missing");
  std::string renamed = text;
  renamed.replace(renamed.find(other.secrets.newest_record_key().id), 16, ground.secrets.newest_record_key().id);
  CHECK(opened(ground.seal, "a", renamed) == "record_tampered");
}

TEST_CASE("S55 a sealed record is written in one way only") {
  SealedGround ground;
  const std::string text = to_string(ground.seal.close("a", Json::object().set("version", 1).set("x", "y")));
  const std::string mac = text.substr(text.find(",\"mac\""));
  const std::string inner = mac.substr(0, mac.size() - 1);  // ,"mac":{...}
  const auto refused = [&](const std::string& changed) {
    CAPTURE(changed);
    REQUIRE(changed != text);
    CHECK_FALSE(ground.seal.open("a", as_bytes(changed)).has_value());
  };
  refused(text + "\n");
  refused(" " + text);
  refused("{ " + text.substr(1));
  refused("{" + inner.substr(1) + ",\"version\":1,\"x\":\"y\"}");        // the MAC first
  refused("{\"version\":1" + inner + ",\"x\":\"y\"}");                   // the MAC in the middle
  refused(text.substr(0, text.size() - 2) + ",\"note\":\"planted\"}}");  // more within the MAC
  refused(text.substr(0, text.size() - 1) + ",\"note\":\"planted\"}");   // more behind it
  refused("{\"x\":\"y\",\"version\":1" + mac);                           // other order
  refused("{\"version\":1,\"x\":\"\\u0079\"" + mac);                     // another spelling
  const std::string key = "{\"key\":\"" + ground.secrets.newest_record_key().id + "\",";
  const std::string tag = text.substr(text.find("\"tag\""), 51);
  refused("{\"version\":1,\"x\":\"y\",\"mac\":{" + tag + "," + key.substr(1, key.size() - 2) + "}}");
}

TEST_CASE("what is no sealed record is unreadable") {
  SealedGround ground;
  for (const char* text :
       {"", "{}", "[]", "null", "1", "{\"mac\":1}", "{\"mac\":{}}", "{\"mac\":{\"key\":1,\"tag\":2}}",
        "{\"version\":1}", "REVOCATION_PLACEHOLDER", "\xFF\xFE"}) {
    CAPTURE(text);
    CHECK(opened(ground.seal, "a", text) == "record_unreadable");
  }
}

TEST_CASE("S74 a record of another version is refused by name") {
  const Json json = Json::object().set("version", 2);
  JsonReader reader(json);
  const Status status = secrets::check_record_version(reader);
  CHECK(outcome(status) == "unknown_version");
  CHECK(status.error().detail == "record version 2");
  const auto read = secrets::understood("users/a.account", Result<int>(tl::unexpected<Error>(status.error())));
  CHECK(outcome(read) == "record_unreadable");
  CHECK(read.error().detail.find("record version 2") != std::string::npos);
}

TEST_CASE("S55 a damaged record denies whatever it was for") {
  House house;
  house.add(alice());
  const auto opened_session = house.log_in(alice());
  const auto before = contents_of(house.medium());
  for (const auto& [name, text] : before) {
    if (name.starts_with("audit/") || name.ends_with(".seen") || name.starts_with("consumed/")) continue;
    std::string damaged = text;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    must(put(house.medium(), name, damaged));
    CAPTURE(name);
    const auto response = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
    const auto admitted = house.auth().roles().sessions.admit(opened_session.token, by_http());
    const auto logged_in = house.auth().roles().login.redeem(house.answer_to(alice(), response), by_http());
    if (name.starts_with("sessions/") || name.ends_with(".account")) {
      CHECK(face_of_outcome(admitted) == Face::denied);
    }
    if (name.ends_with(".account") || name.ends_with(".pub")) {
      CHECK(face_of_outcome(logged_in) == Face::denied);
    }
    if (name.starts_with("server/")) {
      CHECK_FALSE(house.another(house.medium(), "other").has_value());
    }
    if (name.starts_with("keys/")) {
      CHECK_FALSE(house.auth().roles().enrolment.add({"someone", alice().certificate(), false}, by_hand()).has_value());
    }
    must(put(house.medium(), name, text));
  }
}
