#include "auth/upkeep/sweeping.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "auth/records/consumed.hpp"
#include "auth/records/session.hpp"
#include "tests/support/house.hpp"
#include "tests/support/invited.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::size_t count(House& house, std::string_view folder) {
  return names_in(house.medium(), folder, 100).size();
}

// A medium that takes time, and counts.
class SlowMedium final : public storage::Medium {
 public:
  Result<storage::Entry> read(std::string_view name) override { return memory.read(name); }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    if (clock != nullptr) clock->pass(each_list);
    return memory.list(prefix, after, limit);
  }
  Status commit(const storage::Batch& batch) override {
    const auto& changes = batch.changes();
    const bool sweeps_now =
        !changes.empty() && changes.begin()->first.starts_with("consumed/") && !changes.begin()->second;
    sweeps += sweeps_now ? 1 : 0;
    if (sweeps_now && before_sweep) std::exchange(before_sweep, nullptr)();
    return memory.commit(batch);
  }
  Result<storage::Mark> mark() override { return memory.mark(); }

  storage::MemoryMedium memory;
  FakeClock* clock = nullptr;
  std::chrono::milliseconds each_list{0};
  std::size_t sweeps = 0;  // commits that take consumed challenges away
  std::function<void()> before_sweep;
};

// Marks so many challenges as consumed, for an hour; how many there are.
int consume(House& house, int more) {
  const records::Consumed consumed{house.clock.now() + std::chrono::hours(1), ""};
  for (int i = 0; i < more; ++i) {
    const std::string name = records::consumed_name(fmt::format("{:043}", i));
    storage::Batch batch;
    batch.put(name, house.seal().close(name, records::write_consumed(consumed)));
    must(house.medium().commit(batch));
  }
  return static_cast<int>(names_in(house.medium(), "consumed/", 1000).size());
}

// A whole round.
void sweep(House& house) {
  while (!must(house.auth().roles().sweeper.sweep(100)).went_round) {
  }
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
  must(house.auth().roles().sessions.refresh(replaced.token, by_http()));
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
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  sweep(house);
  CHECK(count(house, "sessions/") == 0);
  CHECK(count(house, "sessions-of/") == 0);
}

TEST_CASE("S08 held enrolments are swept after thirty days") {
  House house;
  must(house.auth().roles().enrolment.hold(std::nullopt, alice().certificate(), by_courier()));
  house.clock.pass(std::chrono::days(30) - Seconds(1));
  sweep(house);
  CHECK(count(house, "held/") == 1);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(count(house, "held/") == 0);
}

TEST_CASE("S08 invites are swept thirty days after their end, whatever ended them") {
  House house;
  const auto expiring = make_invite(house, "bob");
  const auto cancelled = make_invite(house, "carol");
  must(house.auth().roles().invites.cancel(cancelled.invite.id, by_hand()));
  house.clock.pass(std::chrono::days(30) - Seconds(1));
  sweep(house);
  CHECK(count(house, "invites/") == 2);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(names_in(house.medium(), "invites/", 9) == std::vector<std::string>{records::invite_name(expiring.invite.id)});
  house.clock.pass(std::chrono::days(7) - Seconds(1));
  sweep(house);
  CHECK(count(house, "invites/") == 1);
  house.clock.pass(Seconds(1));
  sweep(house);
  CHECK(count(house, "invites/") == 0);
}

TEST_CASE("S08 a timer begins a round every half minute") {
  House house;
  house.add(alice());
  house.log_in(alice());
  house.clock.pass(std::chrono::minutes(5) + std::chrono::hours(24) - Seconds(10));
  must(house.auth().maintain());
  house.clock.pass(Seconds(20));
  must(house.auth().maintain());
  CHECK(count(house, "consumed/") == 1);
  house.clock.pass(Seconds(10));
  must(house.auth().maintain());
  CHECK(count(house, "consumed/") == 0);
}

TEST_CASE("S08 a round sweeps page after page while its time lasts and one page in any case") {
  // The second, third and fourth page are those of the sessions, of what is held and of invites: there are none.
  for (const auto& [each_page, left] :
       {std::pair(0, 0), std::pair(9, 150), std::pair(12, 250), std::pair(49, 350), std::pair(5000, 350)}) {
    SlowMedium medium;
    House house(medium);
    REQUIRE(consume(house, 450) == 450);
    house.clock.pass(std::chrono::days(3));
    medium.clock = &house.clock;
    medium.each_list = std::chrono::milliseconds(each_page);
    must(house.auth().maintain());
    CAPTURE(each_page);
    CHECK(consume(house, 0) == left);
    if (each_page != 5000) continue;
    for (int i = 0; i < 4; ++i) must(house.auth().maintain());
    CHECK(consume(house, 0) == 250);
  }
}

TEST_CASE("S08 a folder that is long keeps none of the others from being swept") {
  SlowMedium medium;
  House house(medium);
  REQUIRE(consume(house, 100) == 100);
  for (int i = 0; i < 1000; ++i) must(put(medium, fmt::format("sessions/{:064}", i), "it stays, and is looked at"));
  house.clock.pass(std::chrono::days(3));
  medium.clock = &house.clock;
  medium.each_list = std::chrono::milliseconds(20);
  must(house.auth().maintain());
  CHECK(consume(house, 0) == 0);
}

TEST_CASE("S08 a page is erased in one commit and one by one where somebody comes between") {
  SlowMedium medium;
  House house(medium);
  REQUIRE(consume(house, 100) == 100);
  house.clock.pass(std::chrono::days(3));
  // Used by another once it was found dead.
  const std::string used = names_in(medium, "consumed/", 1).front();
  const records::Consumed kept{house.clock.now() + std::chrono::hours(1), ""};
  medium.before_sweep = [&] {
    must(put(medium.memory, used, as_text(house.seal().close(used, records::write_consumed(kept)))));
  };
  must(house.auth().maintain());
  CHECK(names_in(medium, "consumed/", 9) == std::vector<std::string>{used});
  CHECK(medium.sweeps == 1 + 99);
  REQUIRE(consume(house, 100) == 100);
  house.clock.pass(std::chrono::days(3));
  medium.sweeps = 0;
  must(house.auth().maintain());
  CHECK(consume(house, 0) == 0);
  CHECK(medium.sweeps == 1);
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
  CHECK(outcome(house.auth().roles().sessions.admit(opened.token, by_http())) == "ok");
}

TEST_CASE("a round counts the sessions that are open, and neither those that ended nor tokens that were replaced") {
  House house;
  auto& sweeper = house.auth().roles().sweeper;
  CHECK_FALSE(sweeper.open_sessions());
  sweep(house);
  CHECK(sweeper.open_sessions() == 0);
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto second = house.log_in(alice());
  CHECK(sweeper.open_sessions() == 0);
  sweep(house);
  CHECK(sweeper.open_sessions() == 2);
  must(house.auth().roles().sessions.refresh(first.token, by_http()));
  sweep(house);
  CHECK(sweeper.open_sessions() == 2);
  must(house.auth().roles().sessions.end(second.token, by_http()));
  sweep(house);
  CHECK(sweeper.open_sessions() == 1);
  house.clock.pass(std::chrono::hours(25));
  sweep(house);
  CHECK(sweeper.open_sessions() == 0);
}

TEST_CASE("a session opened while the clock ran ahead is swept when it is right again") {
  House house;
  house.add(alice());
  house.clock.set(kNoon + std::chrono::years(10));
  const Person& person = alice();
  const auto opened = house.log_in(person);
  house.clock.set(kNoon);
  CHECK(outcome(house.auth().roles().sessions.admit(opened.token, by_http())) == "session_expired");
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
  secrets::SealedEntry other =
      *must(find_record(house.medium(), house.seal(), names_in(house.medium(), "consumed/", 9).front()));
  other.record.set("mac", Json::object().set("key", std::string(16, '0')).set("tag", std::string(42, 'A') + "E"));
  const std::string second = "sessions/" + std::string(63, '0') + "1";
  must(put(house.medium(), second, write_json(other.record)));
  house.clock.pass(std::chrono::days(3));
  sweep(house);
  CHECK(names_in(house.medium(), "sessions/", 9) == std::vector<std::string>{first, second});
  CHECK(count(house, "consumed/") == 0);
}
