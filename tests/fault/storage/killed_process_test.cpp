// kill -9 of a process that commits: nothing acknowledged is lost, and no batch is there by half.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;

namespace {

// One batch a number: what it puts belongs together, and names the number.
Batch batch_of(std::uint32_t number) {
  const std::string text = std::to_string(number);
  Batch batch;
  batch.put("counter", to_bytes(text));
  batch.put("log/" + text, to_bytes(std::string(1 + number % 3000, 'x') + text));
  batch.put("half/" + std::to_string(number % 5) + "/value", to_bytes(text));
  if (number > 20) batch.erase("log/" + std::to_string(number - 20));
  return batch;
}

// Commits from `first` on and says each number once it is acknowledged, until somebody ends it.
int commit_until_killed(MediumKind kind, const std::filesystem::path& folder, std::uint32_t first, int pipe) {
  auto medium = open_medium(kind, folder);
  if (!medium) return 1;
  for (std::uint32_t number = first;; ++number) {
    if (!(*medium)->commit(batch_of(number))) return 2;
    if (write(pipe, &number, sizeof number) != sizeof number) return 3;
  }
}

// The number that the store stands at, every value of every batch being of it or of those before.
std::uint32_t judge(Medium& medium) {
  const std::string counter = text_of(medium, "counter");
  if (counter == "<absent>") return 0;
  const auto number = static_cast<std::uint32_t>(std::stoul(counter));
  const std::uint32_t oldest = number > 20 ? number - 19 : 1;
  REQUIRE(names_in(medium, "log/", 100).size() == number - oldest + 1);
  for (std::uint32_t i = oldest; i <= number; ++i) {
    const std::string text = std::to_string(i);
    REQUIRE(text_of(medium, "log/" + text) == std::string(1 + i % 3000, 'x') + text);
  }
  for (std::uint32_t i = number; i > 0 && i + 5 > number; --i) {
    REQUIRE(text_of(medium, "half/" + std::to_string(i % 5) + "/value") == std::to_string(i));
  }
  return number;
}

void kill_again_and_again(MediumKind kind, int rounds) {
  Store store(kind);
  store.close();
  std::mt19937 choose(20261121);
  std::uint32_t stands_at = 0;
  std::uint32_t acknowledged_in_all = 0;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = in_child([&] { return commit_until_killed(kind, store.folder(), stands_at + 1, ends[1]); });
    close(ends[1]);
    // Ended after a few acknowledgements, somewhere in the commits that follow.
    std::uint32_t acknowledged = stands_at;
    const std::uint32_t enough = 1 + choose() % 8;
    for (std::uint32_t i = 0; i < enough; ++i)
      REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    std::this_thread::sleep_for(std::chrono::microseconds(choose() % 3000));
    REQUIRE(kill(child, SIGKILL) == 0);
    REQUIRE(wait_for(child) == -SIGKILL);
    while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) continue;
    close(ends[0]);

    auto medium = open_medium(kind, store.folder());
    if (!medium) FAIL(medium.error().detail);
    const std::uint32_t found = judge(**medium);
    CAPTURE(round, acknowledged, found);
    REQUIRE(found >= acknowledged);
    REQUIRE(found <= acknowledged + 1);
    acknowledged_in_all += acknowledged - stands_at;
    stands_at = found;
  }
  std::cout << name_of(kind) << " medium: " << rounds << " processes killed, " << acknowledged_in_all
            << " commits acknowledged, none lost\n";
}

}  // namespace

TEST_CASE("a killed process loses nothing that was acknowledged") {
  for (const MediumKind kind : persistent_media()) kill_again_and_again(kind, 30);
}

TEST_CASE("a process killed 200 times loses nothing that was acknowledged", "[.long]") {
  for (const MediumKind kind : persistent_media()) kill_again_and_again(kind, 200);
}

namespace {

// Beside a process that commits without a pause the lock can be taken each time one looks, until waiting for it ends.
Status put_beside(storage::Medium& medium, const std::string& text) {
  constexpr int kTries = 20;
  Status status = put(medium, "beside", text);
  for (int i = 1; i < kTries && !status && face_of(status.error().code) == Face::unavailable; ++i) {
    status = put(medium, "beside", text);
  }
  return status;
}

}  // namespace

TEST_CASE("two processes that are killed in turn beside a third lose nothing that was acknowledged") {
  for (const MediumKind kind : persistent_media()) {
    Store store(kind);  // stays open, as a server beside its commands
    std::mt19937 choose(7);
    std::uint32_t stands_at = 0;
    for (int round = 0; round < 10; ++round) {
      int ends[2];
      REQUIRE(pipe(ends) == 0);
      const pid_t child = in_child([&] { return commit_until_killed(kind, store.folder(), stands_at + 1, ends[1]); });
      close(ends[1]);
      std::uint32_t acknowledged = stands_at;
      REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
      REQUIRE(put_beside(store.medium(), std::to_string(round)));
      std::this_thread::sleep_for(std::chrono::microseconds(choose() % 2000));
      REQUIRE(kill(child, SIGKILL) == 0);
      REQUIRE(wait_for(child) == -SIGKILL);
      while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) continue;
      close(ends[0]);
      stands_at = judge(store.medium());
      REQUIRE(stands_at >= acknowledged);
      REQUIRE(stands_at <= acknowledged + 1);
      REQUIRE(text_of(store.medium(), "beside") == std::to_string(round));
    }
  }
}
