#include "transport/operations/auth_operations.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "storage/base/text.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

std::string member(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  if (found == nullptr) return "<absent>";
  return found->string() != nullptr ? *found->string() : write_json(*found);
}

std::vector<std::string> names_of(const Json& json) {
  std::vector<std::string> names;
  for (const auto& [name, value] : *json.members()) names.push_back(name);
  return names;
}

Json run(House& house, std::string_view operation, Carrier carrier, Json fields, const Secret& token) {
  Message message = message_of(operation, carrier);
  message.fields = std::move(fields);
  message.token = token;
  return must(house.operations().run(message));
}

Json asked(std::string_view username) {
  return Json::object().set("username", username);
}

}  // namespace

TEST_CASE("a login through the operations gives the fields of the protocol") {
  House house;
  house.add(alice());
  const Json challenge = run(house, "challenge.issue", Carrier::http, asked("alice"), Secret());
  CHECK(names_of(challenge) == std::vector<std::string>{"challenge_message", "expires_at"});
  const proving::IssuedChallenge issued{member(challenge, "challenge_message"), {}};
  const Json opened = run(house, "session.open", Carrier::http, fields_of(house.answer(alice(), issued)), Secret());
  CHECK(names_of(opened) == std::vector<std::string>{"token", "session", "account", "username", "method", "transport",
                                                     "created_at", "idle_expires_at", "expires_at"});
  std::string text = member(opened, "token");
  const Secret token = Secret::take(text);
  const Json shown = run(house, "session.show", Carrier::http, Json::object(), token);
  CHECK(names_of(shown) == std::vector<std::string>{"session", "account", "username", "method", "transport",
                                                    "created_at", "idle_expires_at", "expires_at"});
  const Json authz = run(house, "session.authz", Carrier::http, Json::object(), token);
  CHECK(member(authz, "username") == "alice");
  CHECK(member(authz, "fingerprint") == alice().fingerprint().upper());
  const Json list = run(house, "session.list", Carrier::http, Json::object(), token);
  REQUIRE(list.find("sessions")->items()->size() == 1);
  CHECK(member(list.find("sessions")->items()->front(), "current") == "true");
  const Json refreshed = run(house, "session.refresh", Carrier::http, Json::object(), token);
  text = member(refreshed, "token");
  CHECK(run(house, "session.end", Carrier::http, Json::object(), Secret::take(text)).is_null());
}

TEST_CASE("a session is let in where its account is in one of the groups asked for, as they are now") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  const auto authorized = [&](const char* groups) {
    Message message = message_of("session.authz", Carrier::http);
    message.fields.set("groups", groups);
    message.token = session.token;
    return outcome(house.operations().run(message));
  };
  const auto set = [&](Json groups) {
    run(house, "account.set", Carrier::local, asked("alice").set("groups", std::move(groups)), Secret());
  };
  CHECK(authorized("staff") == "not_permitted");
  CHECK(authorized("") == "not_permitted");
  set(Json(Json::Array{"staff"}));
  CHECK(authorized("staff") == "ok");
  CHECK(authorized("ops,staff") == "ok");
  CHECK(authorized("ops") == "not_permitted");
  const Json shown = run(house, "session.show", Carrier::http, Json::object(), session.token);
  CHECK(member(shown, "groups") == R"(["staff"])");
  set(Json::array());
  CHECK(authorized("staff") == "not_permitted");
}

TEST_CASE("whoever may not have something is not counted as one who guesses tokens") {
  HouseSettings settings;
  settings.policies.limits.requests = {3, 0.001, 4096};
  House house(settings, nullptr);
  house.add(alice());
  const auto session = house.log_in(alice());
  for (int i = 0; i < 10; ++i) {
    const auto denied = run_from(house, "192.0.2.7", "session.authz", Json::object().set("groups", "x"), session.token);
    CHECK(outcome(denied) == "not_permitted");
  }
}

TEST_CASE("a courier's login is answered with its grant alone") {
  House house;
  house.add(alice());
  const Json challenge = run(house, "challenge.issue", Carrier::courier, asked("alice"), Secret());
  const proving::IssuedChallenge issued{member(challenge, "challenge_message"), {}};
  const Json answer = run(house, "session.open", Carrier::courier, fields_of(house.answer(alice(), issued)), Secret());
  CHECK(names_of(answer) == std::vector<std::string>{"grant"});
}

TEST_CASE("a challenge by hand or by stick is the courier's and one over the network is what was asked for") {
  House house;
  house.add(alice());
  const auto transport_of = [&](Carrier carrier, const Json& fields) {
    const Json challenge = run(house, "challenge.issue", carrier, fields, Secret());
    const std::string text = house.engine().sealed_in(member(challenge, "challenge_message")).text;
    return std::string(name_of(must(records::parse_statement(text)).transport));
  };
  CHECK(transport_of(Carrier::http, asked("alice")) == "http");
  CHECK(transport_of(Carrier::http, asked("alice").set("transport", "courier")) == "courier");
  CHECK(transport_of(Carrier::local, asked("alice")) == "courier");
  CHECK(transport_of(Carrier::courier, asked("alice")) == "courier");
  for (const Carrier carrier : {Carrier::local, Carrier::courier}) {
    Message message = message_of("challenge.issue", carrier);
    message.fields = asked("alice").set("transport", "http");
    CHECK(outcome(house.operations().run(message)) == "malformed_message");
  }
}

TEST_CASE("S28 a challenge is asked for by anybody in any name with one kind of answer") {
  House house;
  house.add(alice());
  const Json somebody = run(house, "challenge.issue", Carrier::http, asked("alice"), Secret());
  const Json nobody = run(house, "challenge.issue", Carrier::http, asked("nobod"), Secret());
  CHECK(names_of(somebody) == names_of(nobody));
  // The integers of a signature and of an encrypted key lose their leading zero bits, so a byte or two is chance.
  const auto size_of = [](const Json& answer) { return static_cast<long>(member(answer, "challenge_message").size()); };
  CHECK(std::abs(size_of(somebody) - size_of(nobody)) <= 8);
  CHECK(member(somebody, "expires_at") == member(nobody, "expires_at"));
}

TEST_CASE("S71 health says ok and no more") {
  House house;
  CHECK(write_json(run(house, "health.show", Carrier::http, Json::object(), Secret())) == "{\"status\":\"ok\"}");
  const Json ready = run(house, "ready.show", Carrier::http, Json::object(), Secret());
  CHECK(*ready.find("status")->string() == "ready");
  CHECK(ready.find("record_cache")->find("records") != nullptr);
  CHECK(ready.find("warnings") == nullptr);
}

TEST_CASE("S47 a server whose clock is behind is not ready until an administrator accepts it") {
  House house;
  house.clock.pass(std::chrono::hours(2));
  must(house.auth().maintain());
  house.clock.set(kNoon);
  const auto ready = house.operations().run(message_of("ready.show", Carrier::http));
  CHECK(outcome(ready) == "clock_behind");
  CHECK(face_of_outcome(ready) == Face::unavailable);
  CHECK(member(run(house, "clock.accept", Carrier::local, Json::object(), Secret()), "status") == "accepted");
  CHECK(outcome(house.operations().run(message_of("ready.show", Carrier::http))) == "ok");
  CHECK(must(house.auth().roles().audit.list("server", 0, 1)).front().decision == "clock_accepted");
}

TEST_CASE("a server without entropy is not ready") {
  House house;
  house.rng.run_dry_after(0);
  CHECK(outcome(house.operations().run(message_of("ready.show", Carrier::http))) == "entropy_unavailable");
}

TEST_CASE("S68 the server says that registration is closed unless it was opened") {
  House closed;
  CHECK(member(run(closed, "server.show", Carrier::http, Json::object(), Secret()), "registration") == "closed");
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  House open(settings, nullptr);
  const Json shown = run(open, "server.show", Carrier::http, Json::object(), Secret());
  CHECK(member(shown, "registration") == "open");
  CHECK(member(shown, "server") == settings.server);
  CHECK(member(shown, "fingerprint") == open.auth().roles().identity.fingerprint().upper());
  CHECK(member(shown, "public_key").starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

TEST_CASE("S49 an administrator lists and ends the sessions of an account") {
  House house;
  house.add(alice());
  const auto one = house.log_in(alice());
  house.log_in(alice());
  const auto list = [&] {
    return run(house, "account.sessions", Carrier::local, asked("alice"), Secret()).find("sessions")->items()->size();
  };
  CHECK(list() == 2);
  CHECK(member(run(house, "account.session", Carrier::local, asked("alice").set("session", one.session.id), Secret()),
               "session") == one.session.id);
  run(house, "account.session_end", Carrier::local, asked("alice").set("session", one.session.id), Secret());
  CHECK(list() == 1);
  run(house, "account.session_end", Carrier::local, asked("alice").set("all", true), Secret());
  CHECK(list() == 0);
  Message nobody = message_of("account.sessions", Carrier::local);
  nobody.fields = asked("nobody");
  CHECK(outcome(house.operations().run(nobody)) == "not_found");
}

TEST_CASE("S49 a user ends one session and then all of them") {
  House house;
  house.add(alice());
  const auto one = house.log_in(alice());
  const auto two = house.log_in(alice());
  run(house, "session.end_one", Carrier::http, Json::object().set("session", two.session.id), one.token);
  CHECK(outcome(house.auth().roles().sessions.admit(two.token, by_http())) == "session_unknown");
  run(house, "session.end_all", Carrier::http, Json::object(), one.token);
  CHECK(outcome(house.auth().roles().sessions.admit(one.token, by_http())) == "epoch_passed");
}

TEST_CASE("accounts are listed though one of them is damaged") {
  House house;
  house.add(alice());
  house.add(bob());
  must(put(house.medium(), records::account_name(bob().account()), "torn"));
  const Json list = run(house, "account.list", Carrier::local, Json::object(), Secret());
  REQUIRE(list.find("accounts")->items()->size() == 2);
  std::set<std::string> states;
  for (const Json& account : *list.find("accounts")->items()) states.insert(member(account, "state"));
  CHECK(states == std::set<std::string>{"active", "record_unreadable"});
}

TEST_CASE("S73 user ids of a held certificate are escaped where they are shown") {
  House house;
  const Person hostile(
      "\x1B[2J\xE2\x80\xAE"
      "eve",
      openpgp::KeyKind::ed25519_cv25519);
  Message message = message_of("account.hold", Carrier::courier);
  message.text = hostile.certificate();
  REQUIRE(house.operations().run(message));
  const Json list = run(house, "account.list", Carrier::local, Json::object(), Secret());
  const Json& held = list.find("held")->items()->front();
  REQUIRE(held.find("user_ids")->items()->size() == 1);
  CHECK_FALSE(has_unprintable(*held.find("user_ids")->items()->front().string()));
}

TEST_CASE("S57 what went wrong inside is in no answer and in the audit record as counts") {
  House house;
  house.add(alice());
  Message message = message_of("session.open", Carrier::http);
  message.fields = Json::object().set("challenge", "AAAA").set("signature", "x");
  for (int i = 0; i < 3; ++i) CHECK(outcome(house.operations().run(message)) == "challenge_invalid");
  message.fields = Json::object();
  CHECK(outcome(house.operations().run(message)) == "malformed_message");
  must(house.auth().maintain());
  const auto records = must(house.auth().roles().audit.list("server", 0, 1));
  CHECK(records.front().decision == "refusals");
  CHECK(records.front().entry.detail == "malformed_message=1 challenge_invalid=3");
  // Counted once, and nothing is written where nothing was refused.
  house.clock.pass(std::chrono::minutes(5));
  must(house.auth().maintain());
  CHECK(must(house.auth().roles().audit.list("server", 0, 1)).front().number == records.front().number);
}

TEST_CASE("the audit record is listed and verified by hand") {
  House house;
  house.add(alice());
  const Json verified = run(house, "audit.verify", Carrier::local, Json::object(), Secret());
  CHECK(member(verified, "intact") == "true");
  CHECK(member(verified, "records") == "2");
  const Json list = run(house, "audit.list", Carrier::local, Json::object().set("limit", 1), Secret());
  CHECK(member(list.find("records")->items()->front(), "decision") == "account_added");
  must(put(house.medium(), records::audit_name("server", 1), "{}"));
  CHECK(member(run(house, "audit.verify", Carrier::local, Json::object(), Secret()), "intact") == "false");
}

TEST_CASE("a text is a response by itself and takes no members beside it") {
  House house;
  house.add(alice());
  Message message = message_of("session.open", Carrier::http);
  message.text = "-----BEGIN PGP SIGNED MESSAGE-----\n";
  message.fields.set("challenge", "AAAA");
  CHECK(outcome(house.operations().run(message)) == "malformed_message");
}

TEST_CASE("a secret key is told as one in every member and in every text") {
  const std::string secret = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlFgE\n-----END PGP PRIVATE KEY BLOCK-----\n";
  House house;
  house.add(alice());
  const auto told = [&](std::string_view operation, Carrier carrier, Json fields, std::string text) {
    Message message = message_of(operation, carrier);
    message.fields = std::move(fields);
    message.text = std::move(text);
    const auto answer = house.operations().run(message);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().detail.find("exposed") != std::string::npos);
    return outcome(answer);
  };
  for (const char* member : {"public_key", "new_public_key", "reason", "unheard_of"}) {
    CHECK(told("challenge.issue", Carrier::http, asked("alice").set(member, secret), "") == "secret_key_handed_in");
  }
  // Before the challenge is opened, so that it says nothing of whose it is.
  const Json detached = Json::object().set("challenge", "AAAA").set("signature", secret);
  CHECK(told("session.open", Carrier::http, detached, "") == "secret_key_handed_in");
  CHECK(told("session.open", Carrier::http, Json::object().set("response", detached), "") == "secret_key_handed_in");
  for (const char* operation : {"response.redeem", "account.hold"}) {
    CHECK(told(operation, Carrier::courier, Json::object(), secret) == "secret_key_handed_in");
    CHECK(told(operation, Carrier::courier, Json::object(), "-----BEGIN PGP SIGNED MESSAGE-----\n" + secret) ==
          "secret_key_handed_in");
  }
}

TEST_CASE("a managed account through the operations gives the fields of the protocol") {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  House house(settings, nullptr);
  const auto named = [](std::string_view password) { return asked("mina").set("password", password); };
  const Json made = run(house, "account.enrol", Carrier::http,
                        named("correct horse").set("managed", true).set("escrow", true), Secret());
  CHECK(names_of(made) == std::vector<std::string>{"account", "username", "fingerprint", "secret_key"});
  CHECK(member(made, "secret_key").starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"));
  const Json key = run(house, "key.hand_out", Carrier::http, named("correct horse"), Secret());
  CHECK(names_of(key) == std::vector<std::string>{"secret_key"});
  CHECK(member(key, "secret_key") == member(made, "secret_key"));
  CHECK(member(run(house, "account.key", Carrier::local, asked("mina"), Secret()), "secret_key") ==
        member(made, "secret_key"));
  const Json shown = run(house, "account.show", Carrier::local, asked("mina"), Secret());
  CHECK(member(shown, "managed") == "true");
  CHECK(member(shown, "escrow") == "true");
  const Json rotated =
      run(house, "key.rotate", Carrier::http, named("correct horse").set("new_password", "staple"), Secret());
  CHECK(names_of(rotated) == std::vector<std::string>{"account", "fingerprint", "secret_key"});
  CHECK(member(rotated, "fingerprint") != member(made, "fingerprint"));
  const Json again = run(house, "account.rotate", Carrier::local, named("battery").set("managed", true), Secret());
  CHECK(names_of(again) == std::vector<std::string>{"account", "username", "state", "fingerprint", "secret_key"});
  const Json record = run(house, "key.revoke", Carrier::http, named("battery").set("reason", "key_retired"), Secret());
  CHECK(member(record, "by") == "password");
  CHECK(member(record, "reason") == "key_retired");
}

TEST_CASE("a password in clear comes by HTTP alone and a managed account takes nothing of another's") {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  House house(settings, nullptr);
  const auto refused = [&](std::string_view operation, Carrier carrier, Json fields) {
    Message message = message_of(operation, carrier);
    message.fields = std::move(fields);
    const auto answer = house.operations().run(message);
    CHECK(names_in(house.medium(), "users/", 9).empty());
    return outcome(answer);
  };
  const auto named = [] { return asked("mina").set("password", "correct horse"); };
  for (const Carrier carrier : {Carrier::local, Carrier::courier}) {
    CHECK(refused("key.rotate", carrier, named().set("new_password", "x")) == "carrier_not_allowed");
    CHECK(refused("key.revoke", carrier, named().set("reason", "unspecified")) == "carrier_not_allowed");
    CHECK(refused("key.hand_out", carrier, named()) == "carrier_not_allowed");
    CHECK(refused("account.enrol", carrier, named().set("managed", true)) == "carrier_not_allowed");
    CHECK(refused("session.open", carrier, named()) == "carrier_not_allowed");
  }
  const auto enrol = [&](Json fields) { return refused("account.enrol", Carrier::http, std::move(fields)); };
  CHECK(enrol(named().set("managed", false)) == "malformed_message");
  CHECK(enrol(named().set("managed", "true")) == "malformed_message");
  CHECK(enrol(named().set("managed", true).set("escrow", "yes")) == "malformed_message");
  CHECK(enrol(named().set("managed", true).set("public_key", alice().certificate())) == "malformed_message");
  CHECK(enrol(asked("mina").set("managed", true)) == "malformed_message");
  CHECK(enrol(asked("mina").set("managed", true).set("password", "")) == "malformed_message");
  CHECK(enrol(named().set("escrow", true)) == "malformed_message");
}

TEST_CASE("a revoked account is shown with when, why and by whom it was revoked, and no other is") {
  House house;
  house.add(alice());
  const auto revocation = [&] {
    const Json shown = run(house, "account.show", Carrier::local, asked("alice"), Secret());
    const Json* found = shown.find("revocation");
    return found == nullptr ? std::string("<absent>") : write_json(*found);
  };
  CHECK(revocation() == "<absent>");
  run(house, "account.revoke", Carrier::local,
      asked("alice").set("reason", "key_compromised").set("note", "laptop stolen"), Secret());
  CHECK(revocation() == R"({"at":")" + format_time(kNoon) +
                            R"(","reason":"key_compromised","note":"laptop stolen","by":"administrator"})");
  // One damaged record does not hide the other.
  must(put(house.medium(), records::part_name(alice().account(), records::AccountPart::revocation), "torn"));
  CHECK(revocation() == R"("record_tampered")");
}
