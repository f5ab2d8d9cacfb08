#include "auth/server_identity/key_upkeep.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

// Every key of the certificate ends then.
void check_ends(const ServerKeyView& view, const std::optional<Instant>& at) {
  CHECK(view.facts.primary.expires_at == at);
  CHECK_FALSE(view.facts.subkeys.empty());
  for (const auto& subkey : view.facts.subkeys) CHECK(subkey.expires_at == at);
}

std::string last_decision(House& house) {
  const auto record = must(house.auth().list_audit("server", 1)).back();
  return record.decision + " " + record.entry.key + " " + record.entry.detail;
}

}  // namespace

TEST_CASE("extending moves the end of the key and of every subkey and keeps the fingerprint") {
  House house;
  check_ends(must(house.auth().show_server_key()), std::nullopt);
  const Instant end = kNoon + 400 * kDay;
  const auto extended = must(house.auth().extend_server_key(end, by_hand()));
  check_ends(extended, end);
  CHECK(extended.identity.fingerprint() == house.fingerprint());
  CHECK(extended.place == (house.secrets_folder() / "server.key").string());
  check_ends(must(house.auth().show_server_key()), end);
  CHECK(last_decision(house) == "server_key_extended " + house.fingerprint().upper() + " expires " + format_time(end));
  must(house.auth().extend_server_key(std::nullopt, by_hand()));
  check_ends(must(house.auth().show_server_key()), std::nullopt);
  CHECK(last_decision(house).ends_with("never expires"));
}

TEST_CASE("an end that has passed or that no key can have is refused and changes nothing") {
  House house;
  const auto before = contents_of(house.medium());
  CHECK(outcome(house.auth().extend_server_key(kNoon, by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().extend_server_key(kNoon - Seconds(1), by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().extend_server_key(kNoon + 365 * 200 * kDay, by_hand())) == "key_policy");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("a running server notices that its key was extended and one opened anew has it") {
  House house;
  must(house.auth().maintain());
  CHECK_FALSE(house.auth().is_outdated());
  const auto command = must(house.another(house.medium(), "cli"));
  must(command->extend_server_key(kNoon + 400 * kDay, by_hand()));
  CHECK_FALSE(house.auth().is_outdated());
  must(house.auth().maintain());
  CHECK(house.auth().is_outdated());
  must(house.restart());
  must(house.auth().maintain());
  CHECK_FALSE(house.auth().is_outdated());
}

TEST_CASE("a server that could not take a new key over is not ready and says why") {
  House house;
  must(house.auth().ready());
  house.auth().note_left_behind("record_tampered: server/identity");
  const auto ready = house.auth().ready();
  REQUIRE(outcome(ready) == "startup_refused");
  CHECK(ready.error().detail.find("record_tampered") != std::string::npos);
}

TEST_CASE("readiness warns before the key ends and fails when it has") {
  House house;
  house.add(alice());
  CHECK(must(house.auth().ready()).warnings.empty());
  must(house.auth().extend_server_key(kNoon + 31 * kDay, by_hand()));
  must(house.restart());
  CHECK(must(house.auth().ready()).warnings.empty());
  house.clock.pass(2 * kDay);
  CHECK(must(house.auth().ready()).warnings.size() == 2);
  house.clock.pass(29 * kDay);
  CHECK(outcome(house.auth().ready()) == "key_expired");
}

TEST_CASE("an expired server key stops challenges and nothing else") {
  House house;
  house.add(alice());
  must(house.auth().extend_server_key(kNoon + 2 * kDay, by_hand()));
  must(house.restart());
  house.clock.pass(2 * kDay - Seconds(600));
  const auto session = house.log_in(alice());
  const auto open_challenge = house.answer(alice(), house.issue(alice(), Transport::courier));
  house.clock.pass(Seconds(600));

  // Also after a new start, or the server would be down for everybody.
  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    if (restarted) must(house.restart());
    ChallengeRequest request;
    request.name.username = alice().name();
    const auto issued = house.auth().issue_challenge(request, by_http());
    CHECK(outcome(issued) == "openpgp_unavailable");
    CHECK(outcome(house.auth().admit(session.token, by_http())) == "ok");
    CHECK(outcome(house.auth().add_account(
              {"user" + std::to_string(restarted), restarted ? carol().certificate() : bob().certificate(), false},
              by_hand())) == "ok");
    CHECK(outcome(house.auth().maintain()) == "ok");
  }
  // A stick that comes back meanwhile is not lost: the grant cannot be signed, and nothing was consumed.
  CHECK(outcome(house.auth().log_in(open_challenge, by_courier())) == "openpgp_unavailable");

  must(house.auth().extend_server_key(house.clock.now() + 365 * kDay, by_hand()));
  must(house.restart());
  CHECK(must(house.auth().ready()).warnings.empty());
  house.log_in(alice());
  CHECK(outcome(house.auth().log_in(open_challenge, by_courier())) == "ok");
}

TEST_CASE("S76 a key that fails its self-test for another reason than its age still stops the start") {
  House house;
  must(house.auth().extend_server_key(kNoon + 2 * kDay, by_hand()));
  must(house.restart());
  house.engine().break_down(true);
  CHECK(outcome(house.restart()) == "startup_refused");
}

TEST_CASE("two commands that change the key at once do not undo each other") {
  House house;
  const auto other = must(house.another(house.medium(), "cli"));
  const auto one = house.auth().extend_server_key(kNoon + 100 * kDay, by_hand());
  const auto two = other->extend_server_key(kNoon + 200 * kDay, by_hand());
  CHECK(outcome(one) == "ok");
  CHECK(outcome(two) == "ok");
  check_ends(must(house.auth().show_server_key()), kNoon + 200 * kDay);
}

TEST_CASE("without the secret key at hand its certificate is shown and not changed") {
  House house;
  AuthenticatorSettings settings{house.settings.server, house.fingerprint(), house.secrets_folder() / "floor", "cli",
                                 house.settings.policies};
  const auto homeless = must(Authenticator::open(settings, must(Secrets::load(house.secrets_folder())), house.medium(),
                                                 house.engine(), house.clock, house.rng));
  CHECK(must(homeless->show_server_key()).place.empty());
  CHECK(outcome(homeless->extend_server_key(std::nullopt, by_hand())) == "openpgp_unavailable");
}
