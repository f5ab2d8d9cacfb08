#include "auth/timekeeper.hpp"

#include <catch2/catch.hpp>

#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr Seconds kSaveEvery{600};
constexpr std::chrono::hours kHour{1};

struct Watch : SealedGround {
  Watch() : keeper(clock, medium, seal, kSaveEvery) { REQUIRE(keeper.load()); }
  Timekeeper keeper;
};

// As after the end of the process and a new start; or another process on the same store.
struct Restarted {
  explicit Restarted(Watch& watch) : keeper(watch.clock, watch.medium, watch.seal, kSaveEvery) {
    REQUIRE(keeper.load());
  }
  Timekeeper keeper;
};

}  // namespace

TEST_CASE("a clock that runs as it should is believed") {
  Watch watch;
  for (int i = 0; i < 100; ++i) {
    watch.clock.pass(std::chrono::minutes(7));
    const Moment moment = watch.keeper.now();
    CHECK(moment.wall == watch.clock.now());
    CHECK(moment.judged == watch.clock.now());
    CHECK_FALSE(moment.behind);
    CHECK_FALSE(moment.ahead);
  }
}

TEST_CASE("S47 expiry is judged by the latest time seen when the clock is set back") {
  Watch watch;
  watch.clock.pass(kHour);
  const Instant latest = watch.keeper.now().judged;
  watch.clock.set(latest - std::chrono::days(3));
  CHECK(watch.keeper.now().judged == latest);
  CHECK(watch.keeper.now().wall == latest - std::chrono::days(3));
}

TEST_CASE("S47 a backward jump of up to 60 s is drift and a longer one extends nothing") {
  Watch watch;
  watch.clock.pass(kHour);
  const Instant latest = watch.keeper.now().judged;
  watch.clock.set(latest - Seconds(60));
  CHECK_FALSE(watch.keeper.now().behind);
  CHECK(watch.keeper.judge_clock());
  watch.clock.set(latest - Seconds(61));
  CHECK(watch.keeper.now().behind);
  CHECK(outcome(watch.keeper.judge_clock()) == "clock_behind");
}

TEST_CASE("S47 a forward jump of up to an hour is recorded and a longer one is not") {
  Watch watch;
  watch.keeper.now();
  watch.clock.set(kNoon + kHour);
  CHECK_FALSE(watch.keeper.now().ahead);
  watch.clock.set(kNoon);
  CHECK(watch.keeper.now().judged == kNoon + kHour);

  Watch other;
  other.keeper.now();
  other.clock.set(kNoon + kHour + Seconds(1));
  CHECK(other.keeper.now().ahead);
  CHECK(other.keeper.now().ahead);  // also at the second look
  CHECK(other.keeper.now().judged == kNoon + kHour + Seconds(1));
  other.clock.set(kNoon);
  CHECK(other.keeper.now().judged == kNoon);
  CHECK_FALSE(other.keeper.now().behind);
  CHECK_FALSE(other.keeper.now().ahead);
}

TEST_CASE("S47 hours that went by unwatched are no jump") {
  Watch watch;
  watch.keeper.now();
  watch.clock.pass(std::chrono::hours(48));
  CHECK_FALSE(watch.keeper.now().ahead);
  CHECK(watch.keeper.now().judged == kNoon + std::chrono::hours(48));
}

TEST_CASE("S47 a jump is never stored") {
  Watch watch;
  watch.keeper.now();
  watch.clock.set(kNoon + std::chrono::years(10));
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  watch.clock.set(kNoon);
  Restarted again(watch);
  CHECK(again.keeper.now().judged == kNoon);
  CHECK(again.keeper.judge_clock());
}

TEST_CASE("S47 a command that looks under a wrong clock shows whether a write is taken, and moves no time") {
  Watch watch;
  REQUIRE(watch.keeper.save_if_due());
  watch.clock.set(kNoon + std::chrono::hours(48));
  Restarted command(watch);
  CHECK(command.keeper.probe(Seconds(10)));
  watch.clock.set(kNoon);
  Restarted again(watch);
  CHECK(again.keeper.now().judged == kNoon);
  CHECK(again.keeper.judge_clock());
}

TEST_CASE("S47 a stored time ahead of the clock makes a restarted server not ready") {
  Watch watch;
  watch.clock.pass(kHour);
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  watch.clock.set(kNoon);
  Restarted again(watch);
  CHECK(outcome(again.keeper.judge_clock()) == "clock_behind");
  CHECK(again.keeper.now().judged == kNoon + kHour);
  watch.clock.set(kNoon + kHour - Seconds(60));
  CHECK(again.keeper.judge_clock());
}

TEST_CASE("S47 an administrator who accepts the clock makes the server ready at once") {
  Watch watch;
  watch.clock.pass(kHour);
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  watch.clock.set(kNoon);
  REQUIRE(watch.keeper.accept_clock());
  CHECK(watch.keeper.judge_clock());
  CHECK(watch.keeper.now().judged == kNoon);
  Restarted again(watch);
  CHECK(again.keeper.now().judged == kNoon);
}

TEST_CASE("S47 a running server learns that an administrator accepted the clock beside it") {
  Watch server;
  server.clock.pass(kHour);
  server.keeper.now();
  REQUIRE(server.keeper.save_if_due());
  server.clock.set(kNoon);
  REQUIRE(outcome(server.keeper.judge_clock()) == "clock_behind");

  Restarted command(server);
  REQUIRE(command.keeper.accept_clock());
  CHECK(outcome(server.keeper.judge_clock()) == "clock_behind");  // it has not looked yet
  REQUIRE(server.keeper.save_if_due());
  CHECK(server.keeper.judge_clock());
  CHECK(server.keeper.now().judged == kNoon);
}

TEST_CASE("S47 accepting the clock ends a forward jump as well") {
  Watch watch;
  watch.keeper.now();
  watch.clock.set(kNoon + std::chrono::hours(9));  // the machine slept
  REQUIRE(watch.keeper.now().ahead);
  REQUIRE(watch.keeper.accept_clock());
  CHECK_FALSE(watch.keeper.now().ahead);
  CHECK(watch.keeper.now().judged == kNoon + std::chrono::hours(9));
}

TEST_CASE("the latest time is stored when it moved far enough and not before") {
  Watch watch;
  REQUIRE(watch.keeper.save_if_due());  // the first one
  const std::string first = text_of(watch.medium, "server/clock");
  watch.clock.pass(kSaveEvery - Seconds(1));
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  CHECK(text_of(watch.medium, "server/clock") == first);
  watch.clock.pass(Seconds(1));
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  CHECK(text_of(watch.medium, "server/clock") != first);
}

TEST_CASE("two servers keep one latest time") {
  Watch watch;
  Restarted other(watch);
  watch.clock.pass(kHour);
  watch.keeper.now();
  REQUIRE(watch.keeper.save_if_due());
  watch.clock.set(kNoon);  // the other server's clock
  REQUIRE(other.keeper.save_if_due());
  CHECK(other.keeper.now().judged == kNoon + kHour);
}

TEST_CASE("S47 a stored time that does not hold stops the start") {
  Watch watch;
  REQUIRE(watch.keeper.save_if_due());
  std::string text = text_of(watch.medium, "server/clock");
  REQUIRE(text.find("2026") != std::string::npos);
  text.replace(text.find("2026"), 4, "2016");
  REQUIRE(put(watch.medium, "server/clock", text));
  Timekeeper other(watch.clock, watch.medium, watch.seal, kSaveEvery);
  CHECK(outcome(other.load()) == "record_tampered");
}
