// Several handles, threads and processes on one store: over every medium.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/contract/storage/each_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;

TEST_CASE("medium: two handles on one store see each other at once") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  const auto other = store.another();
  REQUIRE(put(store.medium(), "a", "1"));
  CHECK(text_of(*other, "a") == "1");
  REQUIRE(put(*other, "a", "2"));
  CHECK(text_of(store.medium(), "a") == "2");
  REQUIRE(erase(*other, "a"));
  CHECK(names_in(store.medium(), "", 10).empty());
}

TEST_CASE("medium: of threads that race for an absent name exactly one wins") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  std::atomic<int> wins = 0;
  std::atomic<int> others = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string name = "race/" + std::to_string(round);
        Batch batch;
        batch.require_absent(name);
        batch.put(name, to_bytes(std::to_string(t)));
        const Status done = store.medium().commit(batch);
        if (done) {
          ++wins;
        } else if (done.error().code != ErrorCode::conflict) {
          ++others;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wins == kRounds);
  CHECK(others == 0);
}

TEST_CASE("medium: a counter under versions loses no increment between threads") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "counter", "0"));
  constexpr int kThreads = 3;
  constexpr int kEach = 20;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int done = 0; done < kEach;) {
        const auto entry = store.medium().read("counter");
        if (!entry) {
          ++failures;
          return;
        }
        Batch batch;
        batch.require_version("counter", entry->version);
        batch.put("counter", to_bytes(std::to_string(std::stoi(to_string(entry->bytes)) + 1)));
        const Status result = store.medium().commit(batch);
        if (result) {
          ++done;
        } else if (result.error().code != ErrorCode::conflict) {
          ++failures;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(text_of(store.medium(), "counter") == std::to_string(kThreads * kEach));
}

TEST_CASE("medium: a reader never sees half a batch in one value nor a value that was never put") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "big", std::string(5000, 'a')));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!stop) {
      const std::string text = text_of(store.medium(), "big");
      if (text.size() != 5000 || text.find_first_not_of(text[0]) != std::string::npos) ++torn;
    }
  });
  for (int i = 0; i < 50; ++i) {
    const auto letter = static_cast<char>('a' + i % 26);
    if (!put(store.medium(), "big", std::string(5000, letter))) ++torn;
  }
  stop = true;
  reader.join();
  CHECK(torn == 0);
}

TEST_CASE("medium: of processes that race for an absent name exactly one wins") {
  const auto kinds = persistent_media();
  Store store(GENERATE_COPY(from_range(kinds)));
  CAPTURE(name_of(store.kind()));
  store.close();
  constexpr int kRounds = 30;
  const auto racer = [&](const std::string& mine) {
    auto medium = open_medium(store.kind(), store.folder());
    if (!medium) return 98;
    int wins = 0;
    for (int round = 0; round < kRounds; ++round) {
      const std::string name = "race/" + std::to_string(round);
      Batch batch;
      batch.require_absent(name);
      batch.put(name, as_bytes(mine));
      const Status done = (*medium)->commit(batch);
      if (done) {
        ++wins;
      } else if (done.error().code != ErrorCode::conflict) {
        return 97;
      }
    }
    return wins;
  };
  const pid_t first = in_child([&] { return racer("first"); });
  const pid_t second = in_child([&] { return racer("second"); });
  const int first_wins = wait_for(first);
  const int second_wins = wait_for(second);
  CAPTURE(first_wins, second_wins);
  CHECK(first_wins + second_wins == kRounds);

  store.reopen();
  int told_first = 0;
  for (const std::string& name : names_in(store.medium(), "race/", 100)) {
    if (text_of(store.medium(), name) == "first") ++told_first;
  }
  CHECK(told_first == first_wins);
  CHECK(names_in(store.medium(), "", 100).size() == kRounds);
}
