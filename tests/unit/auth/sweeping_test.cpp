#include "auth/sweeping.hpp"

#include <catch2/catch.hpp>

#include "auth/challenges/proof.hpp"
#include "auth/sessions/session.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::size_t count(House& house, std::string_view folder) {
  return names_in(house.medium(), folder, 100).size();
}

// Enough rounds for every folder of a small store.
void sweep(House& house) {
  for (int i = 0; i < 10; ++i) must(house.auth().maintain());
}

}  // namespace

TEST_CASE("S08 challenges that nobody answered leave nothing to sweep") {
  House house;
  house.add(alice());
  const auto before = contents_of(house.medium());
  for (int i = 0; i < 50; ++i) house.issue(alice());
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S08 consumed challenges are swept a day after their expiry and not before") {
  House house;
  house.add(alice());
  house.log_in(alice());
  REQUIRE(count(house, "consumed/") == 1);
  house.clock.pass(std::chrono::minutes(5) + std::chrono::hours(24) - Seconds(1));
  sweep(house);
  CHECK(count(house, "consumed/") == 1);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(count(house, "consumed/") == 0);
}

TEST_CASE("S08 sessions are swept with their pointers once they have expired") {
  House house;
  house.add(alice());
  const auto replaced = house.log_in(alice());
  must(house.auth().refresh_session(replaced.token, by_http()));
  house.clock.pass(std::chrono::hours(12) - Seconds(1));
  sweep(house);
  CHECK(count(house, "sessions/") == 2);
  CHECK(count(house, "sessions-of/") == 1);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(count(house, "sessions/") == 1);  // the replaced token, so that its use would still be noticed
  CHECK(count(house, "sessions-of/") == 0);
  house.clock.pass(std::chrono::hours(12));
  sweep(house);
  CHECK(count(house, "sessions/") == 0);
}

TEST_CASE("S08 sessions of an earlier epoch are swept at once") {
  House house;
  house.add(alice());
  house.log_in(alice());
  house.log_in(alice());
  must(house.auth().end_all_sessions(alice().account(), by_hand()));
  sweep(house);
  CHECK(count(house, "sessions/") == 0);
  CHECK(count(house, "sessions-of/") == 0);
}

TEST_CASE("S08 held enrolments are swept after thirty days") {
  House house;
  must(house.auth().hold_enrolment(std::nullopt, alice().certificate(), by_courier()));
  house.clock.pass(std::chrono::days(30) - Seconds(1));
  sweep(house);
  CHECK(count(house, "held/") == 1);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(count(house, "held/") == 0);
}

TEST_CASE("S08 a store larger than a page is swept page by page") {
  House house;
  house.add(alice());
  house.settings.policies.rate_limit = false;
  must(house.restart());
  for (int i = 0; i < 120; ++i) house.log_in(alice());
  house.clock.pass(std::chrono::days(3));
  must(house.auth().maintain());
  CHECK(count(house, "sessions/") == 20);
  sweep(house);
  CHECK(count(house, "sessions/") == 0);
  CHECK(count(house, "consumed/") == 0);
}

TEST_CASE("S47 a clock that jumped ahead sweeps nothing away") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  must(house.auth().maintain());
  house.clock.set(kNoon + std::chrono::years(10));
  sweep(house);
  CHECK(count(house, "sessions/") == 1);
  CHECK(count(house, "consumed/") == 1);
  house.clock.set(kNoon);
  CHECK(outcome(house.auth().admit(opened.token, by_http())) == "ok");
}

TEST_CASE("a session opened while the clock ran ahead is swept when it is right again") {
  House house;
  house.add(alice());
  house.clock.set(kNoon + std::chrono::years(10));
  const Person& person = alice();
  const auto opened = house.log_in(person);
  house.clock.set(kNoon);
  CHECK(outcome(house.auth().admit(opened.token, by_http())) == "session_expired");
  sweep(house);
  CHECK(count(house, "sessions/") == 0);
}

TEST_CASE("a record that does not hold stays and stops nothing") {
  House house;
  house.add(alice());
  house.log_in(alice());
  const std::string first = "sessions/" + std::string(64, '0');
  must(put(house.medium(), first, "planted"));
  // Under a key that this server does not have.
  SealedEntry other =
      *must(find_record(house.medium(), house.seal(), names_in(house.medium(), "consumed/", 9).front()));
  other.record.set("mac", Json::object().set("key", std::string(16, '0')).set("tag", std::string(42, 'A') + "E"));
  const std::string second = "sessions/" + std::string(63, '0') + "1";
  must(put(house.medium(), second, write_json(other.record)));
  house.clock.pass(std::chrono::days(3));
  sweep(house);
  CHECK(names_in(house.medium(), "sessions/", 9) == std::vector<std::string>{first, second});
  CHECK(count(house, "consumed/") == 0);
}
