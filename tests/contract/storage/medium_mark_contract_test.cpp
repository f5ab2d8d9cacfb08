// The mark: over every medium, equal marks vouch for what was read between them.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/contract/storage/each_medium.hpp"
#include "tests/support/flawed_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Mark;
using storage::Medium;

namespace {

Mark mark_of(Medium& medium) {
  const auto mark = medium.mark();
  if (!mark) FAIL("mark: " << mark.error().detail);
  return *mark;
}

// Every mark there has been, so that none comes back.
class Marks {
 public:
  explicit Marks(Medium& medium) : medium_(medium) { seen_.push_back(mark_of(medium_)); }
  bool is_new() {
    const Mark now = mark_of(medium_);
    const bool found = std::find(seen_.begin(), seen_.end(), now) != seen_.end();
    seen_.push_back(now);
    return !found;
  }

 private:
  Medium& medium_;
  std::vector<Mark> seen_;
};

// Reads a number as a cache would: anew only if the mark is another.
class CachedNumber {
 public:
  explicit CachedNumber(Medium& medium) : medium_(medium) {}
  int read() {
    const Mark now = mark_of(medium_);
    if (mark_ != now) {
      const auto entry = medium_.read("number");
      if (!entry) FAIL("read: " << entry.error().detail);
      number_ = std::stoi(to_string(entry->bytes));
      mark_ = now;
    }
    return number_;
  }

 private:
  Medium& medium_;
  std::optional<Mark> mark_;
  int number_ = 0;
};

// A writer commits rising numbers through one medium while each reader caches by the marks of its own. How often one
// of them was given a number older than the last that was acknowledged before it asked.
int stale_reads(Medium& writer, const std::vector<Medium*>& readers, int commits) {
  REQUIRE(put(writer, "number", "0"));
  std::atomic<std::size_t> ready = 0;
  std::atomic<int> acknowledged = 0;
  std::atomic<int> stale = 0;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (Medium* reader : readers) {
    threads.emplace_back([&, reader] {
      try {
        CachedNumber cached(*reader);
        cached.read();
        ++ready;
        for (int last = 0; last < commits;) {
          const int before = acknowledged;
          last = cached.read();
          if (last < before) ++stale;
          if (last < before && before == commits) return;
        }
      } catch (...) {
        ++failures;
      }
    });
  }
  while (ready < readers.size() && failures == 0) std::this_thread::yield();
  for (int number = 1; number <= commits; ++number) {
    Batch batch;
    batch.put("number", as_bytes(std::to_string(number)));
    if (!writer.commit(batch)) ++failures;
    acknowledged = number;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  return stale;
}

}  // namespace

TEST_CASE("medium: the mark stays the same while nothing is committed") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "a", "1"));
  const Mark mark = mark_of(store.medium());
  CHECK(mark_of(store.medium()) == mark);
  CHECK(text_of(store.medium(), "a") == "1");
  CHECK(text_of(store.medium(), "b") == "<absent>");
  CHECK(names_in(store.medium(), "", 10).size() == 1);
  CHECK(text_of(*store.another(), "a") == "1");
  CHECK(mark_of(store.medium()) == mark);
}

TEST_CASE("medium: every commit gives a mark that there has not been") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Marks marks(store.medium());
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    REQUIRE(put(store.medium(), "a", "1"));
    CHECK(marks.is_new());
    REQUIRE(put(store.medium(), "a", "2"));
    CHECK(marks.is_new());
    REQUIRE(erase(store.medium(), "a"));
    CHECK(marks.is_new());
  }
}

TEST_CASE("medium: a commit by another handle on the store gives another mark") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  const auto other = store.another();
  Marks marks(store.medium());
  Marks others(*other);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    REQUIRE(put(*other, "a", "1"));
    CHECK(marks.is_new());
    CHECK(others.is_new());
    REQUIRE(erase(store.medium(), "a"));
    CHECK(marks.is_new());
    CHECK(others.is_new());
  }
}

TEST_CASE("medium: a commit by another process gives another mark") {
  const auto kinds = persistent_media();
  Store store(GENERATE_COPY(from_range(kinds)));
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "a", "0"));
  store.close();
  // The child shares no connection with this process, and commits when it is told to.
  int go[2];
  int done[2];
  REQUIRE(pipe(go) == 0);
  REQUIRE(pipe(done) == 0);
  const pid_t child = in_child([&] {
    close(go[1]);
    const auto medium = open_medium(store.kind(), store.folder());
    if (!medium) return 98;
    for (char order = 0; ::read(go[0], &order, 1) == 1;) {
      if (!(order == '-' ? erase(**medium, "a") : put(**medium, "a", std::string(1, order)))) return 97;
      if (::write(done[1], &order, 1) != 1) return 96;
    }
    return 0;
  });
  close(go[0]);
  store.reopen();
  Marks marks(store.medium());
  for (const char order : {'1', '-', '2', '3'}) {
    char answer = 0;
    REQUIRE(::write(go[1], &order, 1) == 1);
    REQUIRE(::read(done[0], &answer, 1) == 1);
    CHECK(marks.is_new());
  }
  for (const int end : {go[1], done[0], done[1]}) close(end);
  CHECK(wait_for(child) == 0);
  CHECK(text_of(store.medium(), "a") == "3");
}

TEST_CASE("medium: a commit that conflicts leaves what was read as it is") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "number", "1"));
  CachedNumber cached(store.medium());
  CHECK(cached.read() == 1);
  Batch batch;
  batch.require_absent("number");
  batch.put("number", to_bytes("2"));
  CHECK(failure_of(store.medium().commit(batch)) == ErrorCode::conflict);
  CHECK(cached.read() == 1);
  REQUIRE(put(store.medium(), "number", "3"));
  CHECK(cached.read() == 3);
}

TEST_CASE("medium: what is cached by mark is never older than the last commit that was acknowledged") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  const auto other = store.another();
  const int commits = store.kind() == MediumKind::memory ? 20'000 : 300;
  CHECK(stale_reads(store.medium(), {&store.medium(), other.get(), other.get()}, commits) == 0);
}

TEST_CASE("medium: a mark that lags behind what others commit is noticed") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  FlawedMedium lagging(store.medium(), Flaw::lagging_mark);
  CHECK(stale_reads(store.medium(), {&lagging}, 300) > 0);
  // A commit of its own tells it.
  Marks marks(lagging);
  REQUIRE(put(lagging, "a", "1"));
  CHECK(marks.is_new());
}
