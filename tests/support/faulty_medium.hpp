// A medium that fails where a test tells it to.
//
//   FaultyMedium faulty(inner);
//   faulty.fail(n, Fault::before, Lasting::once);   // the n-th call from now on, counted from 1
//   ...
//   faulty.fired()                                  // false: there were fewer than n calls, so every point was tried
//
// Over every point of an operation, until none fails:
//
//   for (std::size_t n = 1;; ++n) {
//     MemoryMedium memory; FaultyMedium faulty(memory); ...set up through `memory`...
//     faulty.fail(n, Fault::after, Lasting::for_ever);
//     ...run the operation over `faulty`, judge what `memory` holds...
//     if (!faulty.fired()) break;
//   }
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>

#include "storage/medium.hpp"

namespace countersign::test {

// Before the call took effect, or after it did (a commit that happened and could not say so). Of a read or a list, both
// are the same.
enum class Fault { before, after };
enum class Lasting { once, for_ever };
enum class Calls { all, reads_and_lists, commits };

// Any thread at any time.
class FaultyMedium final : public storage::Medium {
 public:
  explicit FaultyMedium(storage::Medium& inner) : inner_(inner) {}

  // The n-th call from now on fails with storage_unavailable. Starts counting anew and replaces an earlier plan.
  void fail(std::size_t n, Fault fault, Lasting lasting);
  // The same, counting only calls of one kind; the others are left alone, also for_ever.
  void fail_only(Calls calls, std::size_t n, Fault fault, Lasting lasting);
  // The process stops at the n-th call: it and all that come after it fail, as for_ever, but the n-th takes effect
  // first where `fault` says so, and none of the later ones does.
  void stop(std::size_t n, Fault fault) { fail(n, fault, Lasting::for_ever); }
  // No more failures; the count goes on.
  void heal();
  // Runs right before the n-th call from now on, outside of every lock: the place for another writer to come between.
  void interfere(std::size_t n, std::function<void()> with);

  // Calls since the last plan, and whether the planned one came.
  std::size_t calls() const;
  bool fired() const;

  Result<storage::Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  Status commit(const storage::Batch& batch) override;
  Result<storage::Mark> mark() override;  // counts as a read

 private:
  enum class Verdict { pass, fail_now, fail_after };
  Verdict next(Calls kind);

  storage::Medium& inner_;
  mutable std::mutex mutex_;
  std::size_t calls_ = 0;
  std::size_t at_ = 0;  // 0: nothing planned
  Calls counted_ = Calls::all;
  Fault fault_ = Fault::before;
  Lasting lasting_ = Lasting::once;
  bool fired_ = false;
  std::size_t interfere_in_ = 0;
  std::function<void()> interference_;
};

}  // namespace countersign::test
