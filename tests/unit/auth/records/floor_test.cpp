#include "auth/records/floor.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>

#include "auth/secrets/private_file.hpp"
#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kHash(64, 'a');

std::string loaded(const SealedGround& ground) {
  return outcome(records::Floor::load(ground.floor_path(), ground.seal));
}

}  // namespace

TEST_CASE("what was noted and saved is there at the next start") {
  SealedGround ground;
  must(records::Floor::create(ground.floor_path(), ground.seal));
  const auto floor = must(records::Floor::load(ground.floor_path(), ground.seal));
  floor->note_head("server", {7, kHash});
  must(floor->save());
  const auto again = must(records::Floor::load(ground.floor_path(), ground.seal));
  REQUIRE(again->heads().size() == 1);
  CHECK(again->heads().at("server").number == 7);
  CHECK(again->heads().at("server").hash == kHash);
}

TEST_CASE("the floor never falls") {
  SealedGround ground;
  must(records::Floor::create(ground.floor_path(), ground.seal));
  const auto floor = must(records::Floor::load(ground.floor_path(), ground.seal));
  floor->note_head("server", {7, kHash});
  floor->note_head("server", {6, std::string(64, 'b')});
  CHECK(floor->heads().at("server").number == 7);
  floor->note_revocation(4);
  floor->note_revocation(3);
  CHECK(floor->revocations() == 4);
  floor->note_restores(2);
  floor->note_restores(1);
  CHECK(floor->restores() == 2);
}

TEST_CASE("two processes save one floor and neither lowers what the other wrote") {
  SealedGround ground;
  must(records::Floor::create(ground.floor_path(), ground.seal));
  const auto one = must(records::Floor::load(ground.floor_path(), ground.seal));
  const auto two = must(records::Floor::load(ground.floor_path(), ground.seal));
  one->note_head("server", {9, kHash});
  two->note_head("cli", {3, kHash});
  two->note_head("server", {2, std::string(64, 'b')});
  one->note_revocation(5);
  one->note_restores(2);
  two->note_revocation(1);
  must(one->save());
  must(two->save());
  const auto again = must(records::Floor::load(ground.floor_path(), ground.seal));
  CHECK(again->heads().at("server").number == 9);
  CHECK(again->heads().at("server").hash == kHash);
  CHECK(again->heads().at("cli").number == 3);
  CHECK(again->revocations() == 5);
  CHECK(again->restores() == 2);
}

TEST_CASE("many threads and two floors on one file lose nothing") {
  SealedGround ground;
  must(records::Floor::create(ground.floor_path(), ground.seal));
  const auto one = must(records::Floor::load(ground.floor_path(), ground.seal));
  const auto two = must(records::Floor::load(ground.floor_path(), ground.seal));
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      records::Floor& floor = thread % 2 == 0 ? *one : *two;
      for (int i = 1; i <= 10; ++i) {
        floor.note_head("writer" + std::to_string(thread), {i, kHash});
        failures += floor.save() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  const auto again = must(records::Floor::load(ground.floor_path(), ground.seal));
  for (int thread = 0; thread < 4; ++thread) CHECK(again->heads().at("writer" + std::to_string(thread)).number == 10);
}

TEST_CASE("whoever notes a head waits neither for the floor's file nor for who keeps it") {
  SealedGround ground;
  must(records::Floor::create(ground.floor_path(), ground.seal));
  const auto floor = must(records::Floor::load(ground.floor_path(), ground.seal));
  floor->note_head("server", {7, kHash});
  std::optional<secrets::FileLock> held = must(secrets::FileLock::acquire(ground.floor_path().string() + ".lock"));
  auto saving = std::async(std::launch::async, [&] { return floor->save(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // now the save waits for the lock
  auto noting = std::async(std::launch::async, [&] { floor->note_head("server", {8, kHash}); });
  CHECK(noting.wait_for(std::chrono::seconds(1)) == std::future_status::ready);
  CHECK(saving.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  held.reset();
  const Status failed = saving.get();
  CHECK(outcome(failed) == "busy");
  CHECK_THAT(failed ? "" : failed.error().detail, Catch::Contains(ground.floor_path().string() + ".lock"));
  noting.get();
  must(floor->save());
  CHECK(must(records::Floor::load(ground.floor_path(), ground.seal))->heads().at("server").number == 8);
}

TEST_CASE("S76 a floor that is missing or open to others or damaged stops the start") {
  SealedGround ground;
  CHECK(loaded(ground) == "startup_refused");
  must(records::Floor::create(ground.floor_path(), ground.seal));
  CHECK(loaded(ground) == "ok");
  REQUIRE(::chmod(ground.floor_path().c_str(), 0644) == 0);
  CHECK(loaded(ground) == "startup_refused");
  REQUIRE(::chmod(ground.floor_path().c_str(), 0600) == 0);

  const std::string text(must(secrets::read_private_file(ground.floor_path())).reveal_text());
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    must(secrets::write_private_file(ground.floor_path(), as_bytes(flipped)));
    CAPTURE(at);
    CHECK(loaded(ground) == "startup_refused");
  }
  must(secrets::write_private_file(ground.floor_path(), as_bytes("")));
  CHECK(loaded(ground) == "startup_refused");
}

TEST_CASE("a medium put back to an old copy stops the start") {
  House house;
  house.add(alice());
  storage::MemoryMedium old_copy;
  copy_all(house.medium(), old_copy);
  house.log_in(alice());
  must(house.auth().maintain());
  CHECK(outcome(house.restart()) == "ok");
  must(house.auth().maintain());
  CHECK(outcome(house.restart(&old_copy)) == "medium_restored");
}

TEST_CASE("a medium with another history of the same length stops the start") {
  House house;
  house.add(alice());
  storage::MemoryMedium fork;
  copy_all(house.medium(), fork);
  {
    const auto other = must(house.another(fork, "server"));
    must(other->roles().enrolment.add({"bob", bob().certificate(), false}, by_hand()));
  }
  must(house.auth().roles().enrolment.add({"carol", carol().certificate(), false}, by_hand()));
  must(house.auth().close());
  CHECK(outcome(house.restart(&fork)) == "medium_restored");
}

TEST_CASE("a floor that lags behind its medium is no reason to refuse") {
  House house;
  must(house.auth().close());
  house.add(alice());  // and then the process dies before it saves the floor
  CHECK(outcome(house.restart()) == "ok");
  CHECK(must(house.auth().roles().audit.verify({})).faults.empty());
}
