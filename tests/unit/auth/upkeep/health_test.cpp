#include "auth/upkeep/health.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr Seconds kDay = std::chrono::days(1);

upkeep::Health look(House& house, const upkeep::HealthSettings& settings) {
  return upkeep::look_over(house.auth().roles().context, house.auth().roles().key_watch, settings);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a store that was not backed up for too long is warned of") {
  House house;
  upkeep::HealthSettings settings;
  settings.backup_age = 7 * kDay;
  house.clock.pass(7 * kDay - Seconds(1));
  CHECK(look(house, settings).warnings == Lines());
  house.clock.pass(Seconds(1));
  CHECK(look(house, settings).warnings == Lines{"the store was never backed up; run: countersign backup FILE"});

  must(upkeep::note_backup(house.auth().roles().context, {house.clock.now(), 12, 3400}));
  CHECK(look(house, settings).warnings == Lines());
  house.clock.pass(8 * kDay);
  const upkeep::Health health = look(house, settings);
  CHECK(health.warnings == Lines{"the last backup is 8 days old; run: countersign backup FILE"});
  REQUIRE(health.backup.has_value());
  CHECK(health.backup->records == 12);
  CHECK(health.backup->bytes == 3400);
  CHECK(look(house, {}).warnings == Lines());
}

TEST_CASE("a secret that is in use for too long is warned of until another is coming") {
  House house;
  upkeep::HealthSettings settings;
  settings.secret_age = 30 * kDay;
  house.clock.pass(29 * kDay);
  CHECK(look(house, settings).warnings == Lines());
  house.clock.pass(kDay);
  const upkeep::Health health = look(house, settings);
  REQUIRE(health.warnings.size() == 2);
  CHECK(health.warnings[0].find("has been in use for 30 days; run: countersign secret rotate seal") !=
        std::string::npos);
  CHECK(health.warnings[1].find("countersign secret rotate record") != std::string::npos);

  must(house.auth().roles().secret_upkeep.rotate("seal", kDay, by_hand()));
  must(house.restart());
  const upkeep::Health after = look(house, settings);
  REQUIRE(after.warnings.size() == 1);
  CHECK(after.warnings[0].find("secret rotate record") != std::string::npos);
  CHECK(after.secrets.front().next == house.clock.now() + kDay);
}

TEST_CASE("a disk that has too little left is warned of") {
  House house;
  upkeep::HealthSettings settings;
  settings.disk_free_bytes = std::int64_t{256} << 20;
  std::optional<std::int64_t> free = settings.disk_free_bytes;
  settings.store_facts = [&] { return upkeep::StoreFacts{"sqlite", 1000, free}; };
  CHECK(look(house, settings).warnings == Lines());
  free = *free - 1;
  REQUIRE(look(house, settings).warnings.size() == 1);
  CHECK(look(house, settings).warnings.front().starts_with("the disk of the store has 255 MiB left"));
  free.reset();
  CHECK(look(house, settings).warnings == Lines());
}

TEST_CASE("a full disk and a store that was moved away are no warnings but failures") {
  const std::int64_t mib = std::int64_t{1} << 20;
  CHECK(upkeep::judge_store({"sqlite", 1000, mib}));
  CHECK(outcome(upkeep::judge_store({"sqlite", 1000, mib - 1})) == "storage_unavailable");
  CHECK(outcome(upkeep::judge_store({"sqlite", 1000, 0})) == "storage_unavailable");
  CHECK(upkeep::judge_store({"sqlite", 1000, std::nullopt}));
  CHECK(outcome(upkeep::judge_store({"sqlite", 1000, mib, true})) == "storage_unavailable");
}

TEST_CASE("a note that somebody changed is a warning and not a failure") {
  House house;
  must(upkeep::note_backup(house.auth().roles().context, {house.clock.now(), 12, 3400}));
  std::string text = text_of(house.medium(), "server/backup");
  text[text.find("12")] = '9';
  must(put(house.medium(), "server/backup", text));
  const upkeep::Health health = look(house, {});
  CHECK_FALSE(health.backup.has_value());
  CHECK(health.warnings == Lines{"what upkeep noted cannot be read: record_tampered: server/backup"});
}

TEST_CASE("what was found in an inspection is known to whoever opens the store") {
  House house;
  house.add(alice());
  must(house.auth().maintain());
  const auto other = must(house.another(house.medium(), "cli"));
  const upkeep::Health health = must(other->ready());
  REQUIRE(health.inspection.has_value());
  CHECK(health.inspection->at == house.clock.now());
  CHECK(health.inspection->damaged == 0);
  CHECK(health.inspection->records > 5);
}

TEST_CASE("refusals of this hour and of the one before are counted and older ones are not") {
  House house;
  const Context& context = house.auth().roles().context;
  const auto refuse = [&](const std::string& writer, ErrorCode code, std::int64_t count) {
    storage::Batch batch;
    must(upkeep::stage_refusals(batch, context, writer, {{code, count}}, house.clock.now()));
    must(house.medium().commit(batch));
  };
  const auto recent = [&] { return must(upkeep::recent_refusals(context, house.clock.now())).counts; };
  using Counts = std::map<std::string, std::int64_t>;
  CHECK(recent() == Counts());
  refuse("server", ErrorCode::password_wrong, 2);
  refuse("server", ErrorCode::password_wrong, 1);
  refuse("node-2", ErrorCode::slow_down, 4);
  CHECK(recent() == Counts{{"password_wrong", 3}, {"slow_down", 4}});
  house.clock.pass(std::chrono::hours(1));
  refuse("server", ErrorCode::slow_down, 1);
  CHECK(recent() == Counts{{"password_wrong", 3}, {"slow_down", 5}});
  house.clock.pass(std::chrono::hours(1));
  CHECK(recent() == Counts{{"slow_down", 1}});
  house.clock.pass(std::chrono::hours(1));
  CHECK(recent() == Counts());

  // A record that does not hold keeps nobody from counting.
  must(put(house.medium(), "server/refusals/server", "damaged"));
  refuse("server", ErrorCode::slow_down, 1);
  CHECK(recent() == Counts{{"slow_down", 1}});
}

TEST_CASE("a server notes what it refused with its summary") {
  House house;
  house.auth().count_refusal(ErrorCode::password_wrong);
  must(house.auth().maintain());
  const auto recent = must(upkeep::recent_refusals(house.auth().roles().context, house.clock.now()));
  CHECK(recent.counts == std::map<std::string, std::int64_t>{{"password_wrong", 1}});
}

TEST_CASE("sessions are counted up to a bound") {
  House house;
  house.add(alice());
  const auto count = [&](std::size_t most) { return must(upkeep::count_sessions(house.auth().roles().context, most)); };
  CHECK(count(2).open == 0);
  house.log_in(alice());
  house.log_in(alice());
  CHECK(count(2).open == 2);
  CHECK_FALSE(count(2).more);
  house.log_in(alice());
  CHECK(count(2).open == 2);
  CHECK(count(2).more);
}
