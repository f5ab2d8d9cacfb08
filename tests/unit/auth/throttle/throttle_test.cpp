#include "auth/throttle/throttle.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <thread>
#include <vector>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kStart{1'000'000};

ThrottleLimits limits() {
  ThrottleLimits out;
  out.burst = 3;
  out.per_second = 2;
  out.keys_max = 4;
  return out;
}

int taken(throttle::Throttle& throttle, const std::string& source, milliseconds now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += throttle.take(source, now).has_value() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("S05 a source gets its burst at once and then its rate") {
  throttle::Throttle throttle(limits());
  CHECK(taken(throttle, "192.0.2.1", kStart, 10) == 3);
  CHECK(outcome(throttle.take("192.0.2.1", kStart)) == "slow_down");
  CHECK(taken(throttle, "192.0.2.1", kStart + milliseconds(499), 10) == 0);
  CHECK(taken(throttle, "192.0.2.1", kStart + milliseconds(1000), 10) == 2);
  CHECK(taken(throttle, "192.0.2.1", kStart + std::chrono::hours(1), 10) == 3);
}

TEST_CASE("S32 one source that is limited limits no other") {
  throttle::Throttle throttle(limits());
  CHECK(taken(throttle, "192.0.2.1", kStart, 100) == 3);
  CHECK(taken(throttle, "192.0.2.2", kStart, 100) == 3);
}

TEST_CASE("S05 addresses of one IPv6 /64 are one source") {
  CHECK(throttle::throttle_key("2001:db8:1:2::1") == throttle::throttle_key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(throttle::throttle_key("2001:DB8:1:2::1") == throttle::throttle_key("2001:0db8:0001:0002:0:0:0:1"));
  CHECK(throttle::throttle_key("2001:db8:1:2::1") != throttle::throttle_key("2001:db8:1:3::1"));
  CHECK(throttle::throttle_key("192.0.2.1") != throttle::throttle_key("192.0.2.2"));
  CHECK(throttle::throttle_key("::ffff:192.0.2.1") != throttle::throttle_key("::ffff:192.0.2.2"));
  CHECK(throttle::throttle_key("::ffff:192.0.2.1") == throttle::throttle_key("192.0.2.1"));
  CHECK(throttle::throttle_key("unix") == "unix");
}

TEST_CASE("S05 the table is bounded and whoever finds it full shares one bucket with the rest") {
  throttle::Throttle throttle(limits());
  for (int i = 0; i < 4; ++i) CHECK(taken(throttle, "192.0.2." + std::to_string(i), kStart, 3) == 3);
  int rest = 0;
  for (int i = 4; i < 1000; ++i) rest += taken(throttle, "192.0.2." + std::to_string(i), kStart, 1);
  CHECK(throttle.keys() == 4);
  CHECK(rest == 3);
}

TEST_CASE("S05 a flood from many addresses takes nothing from a source in the table") {
  throttle::Throttle throttle(limits());
  CHECK(taken(throttle, "192.0.2.1", kStart, 1) == 1);
  for (int i = 0; i < 10'000; ++i) taken(throttle, "198.51.100." + std::to_string(i), kStart, 2);
  CHECK(taken(throttle, "192.0.2.1", kStart, 10) == 2);
}

TEST_CASE("sources that are rested make room") {
  throttle::Throttle throttle(limits());
  for (int i = 0; i < 4; ++i) taken(throttle, "192.0.2." + std::to_string(i), kStart, 3);
  CHECK(taken(throttle, "203.0.113.1", kStart + milliseconds(1499), 1) == 1);  // from the rest
  CHECK(throttle.keys() == 4);
  CHECK(taken(throttle, "203.0.113.1", kStart + milliseconds(2500), 3) == 3);
  CHECK(throttle.keys() == 1);
}

TEST_CASE("a full table is searched for rested sources once a second at most") {
  throttle::Throttle throttle(limits());
  for (int i = 0; i < 4; ++i) taken(throttle, "192.0.2." + std::to_string(i), kStart, 3);
  taken(throttle, "203.0.113.1", kStart + milliseconds(600), 1);   // searched: none has rested
  taken(throttle, "203.0.113.1", kStart + milliseconds(1599), 1);  // all have, and it is too early to look
  CHECK(throttle.keys() == 4);
  taken(throttle, "203.0.113.1", kStart + milliseconds(1600), 1);
  CHECK(throttle.keys() == 1);
  // A table with room is not searched: what has rested stays in it.
  taken(throttle, "203.0.113.2", kStart + std::chrono::hours(1), 1);
  CHECK(throttle.keys() == 2);
}

TEST_CASE("the bucket of the rest is full from the beginning on") {
  throttle::Throttle throttle(limits());
  for (int i = 0; i < 4; ++i) taken(throttle, "192.0.2." + std::to_string(i), milliseconds(0), 1);
  CHECK(taken(throttle, "203.0.113.1", milliseconds(0), 10) == 3);
}

TEST_CASE("what is saved of the buckets is what is left in each, and not the full ones") {
  throttle::Throttle throttle(limits());
  taken(throttle, "once", kStart, 1);
  taken(throttle, "thrice", kStart, 3);
  const auto saved = [&](milliseconds now) {
    std::map<std::string, std::int64_t> levels;
    for (const auto& level : throttle.levels(now)) levels[level.key] = level.left_thousandths;
    return levels;
  };
  CHECK(saved(kStart) == std::map<std::string, std::int64_t>{{"once", 2000}, {"thrice", 0}});
  CHECK(saved(kStart + milliseconds(250)) == std::map<std::string, std::int64_t>{{"once", 2500}, {"thrice", 500}});
  CHECK(saved(kStart + milliseconds(500)) == std::map<std::string, std::int64_t>{{"thrice", 1000}});
  CHECK(saved(kStart + milliseconds(1500)).empty());
}

TEST_CASE("what is restored has rested meanwhile, and of two levels the lower one counts") {
  const auto left = [](const std::vector<throttle::ThrottleLevel>& levels, milliseconds rested, int taken_before = 0) {
    throttle::Throttle throttle(limits());
    taken(throttle, "key", kStart, taken_before);
    throttle.restore(levels, rested, kStart);
    return taken(throttle, "key", kStart, 10);
  };
  CHECK(left({{"key", 1000}}, milliseconds(0)) == 1);
  CHECK(left({{"key", 999}}, milliseconds(0)) == 0);
  CHECK(left({{"key", 1000}}, milliseconds(499)) == 1);
  CHECK(left({{"key", 1000}}, milliseconds(500)) == 2);
  CHECK(left({{"key", -5000}}, milliseconds(500)) == 1);
  CHECK(left({{"key", 99'000}}, milliseconds(0)) == 3);
  CHECK(left({{"another", 0}}, milliseconds(0)) == 3);
  CHECK(left({{"key", 1000}}, milliseconds(0), 1) == 1);
  CHECK(left({{"key", 2000}}, milliseconds(0), 2) == 1);
  CHECK(left({{"key", 2000}, {"key", 1000}, {"key", 3000}}, milliseconds(0)) == 1);
}

TEST_CASE("no more is restored than the table holds") {
  throttle::Throttle throttle(limits());
  std::vector<throttle::ThrottleLevel> levels;
  for (int i = 0; i < 6; ++i) levels.push_back({std::to_string(i), 0});
  throttle.restore(levels, milliseconds(0), kStart);
  CHECK(throttle.keys() == 4);
  CHECK(taken(throttle, "0", kStart, 1) == 0);
}

TEST_CASE("many threads take no more than there is") {
  ThrottleLimits many = limits();
  many.burst = 500;
  throttle::Throttle throttle(many);
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { sum += taken(throttle, "192.0.2.1", kStart, 100); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sum == 500);
}

TEST_CASE("S05 asking for challenges is limited by where it comes from and not by whom it names") {
  House house;
  house.add(alice());
  house.add(bob());
  const Json request = Json::object().set("username", "alice");
  const std::string flood = "198.51.100.1";
  std::string last;
  for (int i = 0; i < 1300 && last != "slow_down"; ++i)
    last = outcome(run_from(house, flood, "challenge.issue", request));
  CHECK(last == "slow_down");
  // The same account, asked for from elsewhere.
  CHECK(outcome(run_from(house, by_http().source, "challenge.issue", request)) == "ok");
  CHECK_NOTHROW(house.log_in(alice()));
  // And by hand nobody is a stranger.
  transport::Message by_hand = message_of("challenge.issue", transport::Carrier::local);
  by_hand.fields = request;
  by_hand.source = flood;
  CHECK(outcome(house.operations().run(by_hand)) == "ok");
}
