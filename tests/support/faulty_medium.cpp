#include "tests/support/faulty_medium.hpp"

#include <utility>

namespace countersign::test {
namespace {

auto planned() {
  return countersign::fail(ErrorCode::storage_unavailable, "a planned failure");
}

}  // namespace

void FaultyMedium::fail(std::size_t n, Fault fault, Lasting lasting) {
  fail_only(Calls::all, n, fault, lasting);
}

void FaultyMedium::fail_only(Calls calls, std::size_t n, Fault fault, Lasting lasting) {
  const std::lock_guard lock(mutex_);
  calls_ = 0;
  at_ = n;
  counted_ = calls;
  fault_ = fault;
  lasting_ = lasting;
  fired_ = false;
}

void FaultyMedium::heal() {
  const std::lock_guard lock(mutex_);
  at_ = 0;
}

void FaultyMedium::interfere(std::size_t n, std::function<void()> with) {
  const std::lock_guard lock(mutex_);
  interfere_in_ = n;
  interference_ = std::move(with);
}

std::size_t FaultyMedium::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

bool FaultyMedium::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

FaultyMedium::Verdict FaultyMedium::next(Calls kind) {
  std::function<void()> interference;
  Verdict verdict = Verdict::pass;
  {
    const std::lock_guard lock(mutex_);
    if (interfere_in_ > 0 && --interfere_in_ == 0) interference = std::exchange(interference_, nullptr);
    if (counted_ == Calls::all || counted_ == kind) {
      ++calls_;
      if (at_ != 0 && calls_ == at_) {
        fired_ = true;
        verdict = fault_ == Fault::before ? Verdict::fail_now : Verdict::fail_after;
      } else if (at_ != 0 && calls_ > at_ && lasting_ == Lasting::for_ever) {
        verdict = Verdict::fail_now;
      }
    }
  }
  if (interference) interference();
  return verdict;
}

Result<storage::Entry> FaultyMedium::read(std::string_view name) {
  if (next(Calls::reads_and_lists) != Verdict::pass) return planned();
  return inner_.read(name);
}

Result<std::vector<std::string>> FaultyMedium::list(std::string_view prefix, std::string_view after,
                                                    std::size_t limit) {
  if (next(Calls::reads_and_lists) != Verdict::pass) return planned();
  return inner_.list(prefix, after, limit);
}

Status FaultyMedium::commit(const storage::Batch& batch) {
  const Verdict verdict = next(Calls::commits);
  if (verdict == Verdict::fail_now) return planned();
  Status done = inner_.commit(batch);
  if (verdict == Verdict::fail_after && done) return planned();
  return done;
}

Result<storage::Mark> FaultyMedium::mark() {
  if (next(Calls::reads_and_lists) != Verdict::pass) return planned();
  return inner_.mark();
}

}  // namespace countersign::test
