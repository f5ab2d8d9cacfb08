// What is read to find a session, and what is made of a record that is not there.
#include <catch2/catch.hpp>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("a session that was verified is admitted again without a record being read") {
  storage::MemoryMedium memory;
  FaultyMedium medium(memory);
  House house(medium);
  house.add(alice());
  const auto opened = house.log_in(alice());
  const auto calls_of_one = [&] {
    const std::size_t before = medium.calls();
    must(house.auth().roles().sessions.admit(opened.token, by_http()));
    return medium.calls() - before;
  };
  CHECK(calls_of_one() > 1);
  CHECK(calls_of_one() == 1);  // whether anybody committed anything
}

TEST_CASE("a pointer whose session is gone leads to no session") {
  House house;
  house.add(alice());
  const auto gone = house.log_in(alice());
  const auto other = house.log_in(alice());
  must(erase(house.medium(), must(records::session_name(gone.token.reveal_text()))));
  auto& sessions = house.auth().roles().sessions;
  CHECK(outcome(sessions.show(alice().account(), gone.session.id)) == "not_found");
  CHECK(outcome(sessions.end_one(alice().account(), gone.session.id, by_hand())) == "not_found");
  const auto listed = must(sessions.list(alice().account(), 10));
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].id == other.session.id);
}
