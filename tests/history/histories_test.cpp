// Eight threads that do what a seed draws to one account and to another that wants the same keys. Whatever they did and
// were told must be what one after the other would have done, in the order of the commits.
//
// COUNTERSIGN_SEED=N runs that seed alone; where the threads take turns, it is that history again.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>

#include "tests/history/eight_threads.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
};

Seeds seeds(std::uint64_t count) {
  const char* const wanted = std::getenv("COUNTERSIGN_SEED");
  return wanted == nullptr ? Seeds{1, count} : Seeds{std::strtoull(wanted, nullptr, 10), 1};
}

void check_histories(MediumKind kind, std::size_t servers, std::uint64_t count) {
  Store store(kind);
  EightThreads threads(store.medium(), Flaw::none, servers);
  const Seeds chosen = seeds(count);
  std::size_t unavailable = 0;
  for (std::uint64_t seed = chosen.first; seed < chosen.first + chosen.count; ++seed) {
    for (const Setting setting : kSettings) {
      const auto judged = threads.run(setting, seed);
      unavailable += judged.verdict.unavailable;
      if (judged.verdict.faults.empty()) continue;
      CAPTURE(seed, name_of(setting), judged.history);
      CHECK(judged.verdict.faults == Faults());
    }
  }
  const std::size_t histories = chosen.count * kSettings.size();
  const std::size_t calls = histories * kThreads * kCallsEach;
  std::cout << "histories of eight threads " << (servers == kThreads ? "in turns" : "freely") << " over "
            << name_of(kind) << ": " << histories << " histories, " << calls << " calls, " << unavailable
            << " gave up\n";
  // After three conflicts, one after the other: with eight at one account, few.
  CHECK(unavailable * 20 < calls);
}

}  // namespace

TEST_CASE("what eight threads do to an account is what one after the other would have done") {
  check_histories(MediumKind::memory, kThreads, 20);
}
TEST_CASE("a seed is one history, whatever was before it") {
  storage::MemoryMedium memory;
  storage::MemoryMedium other;
  EightThreads threads(memory, Flaw::none);
  const std::string history = threads.run(Setting::active, 7).history;
  threads.run(Setting::legacy, 8);
  CHECK(threads.run(Setting::active, 7).history == history);
  CHECK(EightThreads(other, Flaw::none).run(Setting::active, 7).history == history);
  CHECK(threads.run(Setting::active, 9).history != history);
}
TEST_CASE("what eight threads do on two servers is what one after the other would have done") {
  check_histories(MediumKind::memory, 2, 10);
  check_histories(MediumKind::sqlite, 2, 5);
}
TEST_CASE("at length, what eight threads do is what one after the other would have done", "[.long]") {
  check_histories(MediumKind::memory, kThreads, 1000);
  check_histories(MediumKind::memory, 2, 300);
  check_histories(MediumKind::sqlite, 2, 100);
}
