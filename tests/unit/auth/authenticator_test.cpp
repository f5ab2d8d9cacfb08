#include "auth/authenticator.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("S76 a writer that is no part of a name stops the start") {
  House house;
  for (const std::string& writer : {std::string(), std::string("a/b"), std::string("Server"), std::string(".."),
                                    std::string("a b"), std::string(300, 'a')}) {
    CAPTURE(writer);
    CHECK(outcome(house.another(house.medium(), writer)) == "startup_refused");
  }
  CHECK(outcome(house.another(house.medium(), "server-2.example_org")) == "ok");
}

TEST_CASE("S76 a start before the server's key was made says that the clock is wrong") {
  House house;
  house.clock.set(kNoon - Seconds(86400));
  const auto opened = house.another(house.medium(), "server");
  REQUIRE(outcome(opened) == "startup_refused");
  CHECK(opened.error().detail ==
        "the server's key was made at 2026-11-21T12:00:00Z, after what this machine's clock says "
        "(2026-11-20T12:00:00Z): set the clock");
}

TEST_CASE("S76 a start without a floor or with another store's medium is refused") {
  House house;
  House other;
  CHECK(outcome(house.another(other.medium(), "server")) != "ok");
  std::filesystem::remove(house.secrets_folder() / "floor");
  CHECK(outcome(house.restart()) == "startup_refused");
}

TEST_CASE("a start whose medium does not answer fails at every call") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  House house(faulty);
  for (std::size_t n = 1;; ++n) {
    faulty.fail(n, Fault::before, Lasting::for_ever);
    const auto opened = house.another(faulty, "server");
    if (!faulty.fired()) break;
    CHECK(outcome(opened) == "storage_unavailable");
  }
}

TEST_CASE("what a timer does goes on though a part of it fails") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  House house(faulty);
  house.add(alice());
  const auto floor = [&] {
    const auto loaded = must(records::Floor::load(house.secrets_folder() / "floor", house.seal()));
    return loaded->heads().at("server").number;
  };
  const auto before = floor();
  faulty.fail_only(Calls::reads_and_lists, 1, Fault::before, Lasting::for_ever);
  CHECK(outcome(house.auth().maintain()) == "storage_unavailable");
  CHECK(floor() == before + 1);
}

TEST_CASE("refusals that could not be written are counted on") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  House house(faulty);
  must(house.auth().maintain());
  house.auth().count_refusal(ErrorCode::challenge_invalid);
  house.auth().count_refusal(ErrorCode::challenge_invalid);
  house.clock.pass(std::chrono::minutes(2));
  faulty.fail_only(Calls::commits, 1, Fault::before, Lasting::for_ever);
  CHECK_FALSE(house.auth().maintain());
  faulty.heal();
  house.auth().count_refusal(ErrorCode::challenge_invalid);
  house.clock.pass(std::chrono::minutes(2));
  must(house.auth().maintain());
  CHECK(must(house.auth().roles().audit.list("server", 0, 1)).front().entry.detail == "challenge_invalid=3");
}

TEST_CASE("S32 refusals are summarised once a minute and bounded by the names there are") {
  House house;
  must(house.auth().maintain());
  for (int i = 0; i < 10'000; ++i) house.auth().count_refusal(ErrorCode::account_unknown);
  must(house.auth().maintain());
  CHECK(must(house.auth().roles().audit.list("server", 0, 1)).front().decision == "store_created");
  house.clock.pass(std::chrono::minutes(1));
  must(house.auth().maintain());
  CHECK(must(house.auth().roles().audit.list("server", 0, 1)).front().entry.detail == "account_unknown=10000");
  const auto names = names_in(house.medium(), "audit/", 100);
  house.clock.pass(std::chrono::minutes(1));
  must(house.auth().maintain());
  CHECK(names_in(house.medium(), "audit/", 100) == names);
}

TEST_CASE("S31 the latest login is kept and two logins at once do not collide over it") {
  House house;
  house.add(alice());
  CHECK_FALSE(must(house.auth().roles().accounts.show(alice().account())).last_login);
  house.log_in(alice());
  house.clock.pass(std::chrono::hours(1));
  house.log_in(alice());
  CHECK(must(house.auth().roles().accounts.show(alice().account())).last_login == kNoon + std::chrono::hours(1));
}

TEST_CASE("S47 whoever commits something remembers the time of it, a command too, and who only looks writes nothing") {
  House house;
  house.add(alice());
  must(house.auth().close());
  must(house.restart());
  house.clock.pass(std::chrono::days(8));
  const auto before = contents_of(house.medium());
  must(house.auth().roles().accounts.show(alice().account()));
  house.issue(alice(), records::Transport::courier);
  must(house.auth().close());
  CHECK(contents_of(house.medium()) == before);
  must(house.restart());
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  must(house.auth().close());
  house.clock.set(kNoon);
  must(house.restart());
  CHECK(outcome(house.auth().ready()) == "clock_behind");
}

TEST_CASE("a server that can write nothing is not ready") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  House house(faulty);
  must(house.auth().ready());
  faulty.fail_only(Calls::commits, 1, Fault::before, Lasting::for_ever);
  house.clock.pass(std::chrono::seconds(10));
  CHECK(outcome(house.auth().ready()) == "storage_unavailable");
  CHECK(outcome(house.auth().ready()) == "storage_unavailable");
  faulty.heal();
  must(house.auth().ready());
  // Who asks often does not make it write often.
  faulty.fail_only(Calls::commits, 1, Fault::before, Lasting::for_ever);
  house.clock.pass(std::chrono::seconds(9));
  must(house.auth().ready());
}

TEST_CASE("showing an account fails with the medium and leaves nothing behind") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  House house(faulty);
  house.add(alice());
  house.log_in(alice());
  for (std::size_t n = 1;; ++n) {
    faulty.fail(n, Fault::before, Lasting::once);
    const auto shown = house.auth().roles().accounts.show(alice().account());
    if (!faulty.fired()) break;
    CHECK(outcome(shown) == "storage_unavailable");
  }
}

TEST_CASE("what is not there is told by hand and denied to strangers") {
  House house;
  const auto shown = house.auth().roles().accounts.show(alice().account());
  CHECK(outcome(shown) == "not_found");
  CHECK(face_of_outcome(shown) == Face::denied);
  CHECK(outcome(house.auth().roles().sessions.end_all(alice().account(), by_hand())) == "not_found");
  CHECK(outcome(house.auth().roles().accounts.show("../server/identity")) == "malformed_account_id");
  CHECK(outcome(house.auth().roles().sessions.list("../x", 1)) == "malformed_account_id");
  CHECK(outcome(house.auth().roles().sessions.end_all("x", by_hand())) == "malformed_account_id");
  CHECK(outcome(house.auth().roles().sessions.end_one(alice().account(), "../x", by_hand())) == "malformed_message");
}
