#include "tests/support/turns.hpp"

#include <algorithm>

namespace countersign::test {

Turns::Turns(std::size_t threads, std::uint64_t seed) : random_(seed) {
  for (std::size_t thread = 0; thread < threads; ++thread) waiting_.push_back(thread);
  choose();
}

void Turns::choose() {
  if (!waiting_.empty()) whose_ = waiting_[random_() % waiting_.size()];
  turn_.notify_all();
}

void Turns::await(std::size_t thread) {
  std::unique_lock lock(mutex_);
  turn_.wait(lock, [&] { return whose_ == thread; });
}

void Turns::pass(std::size_t thread) {
  std::unique_lock lock(mutex_);
  choose();
  turn_.wait(lock, [&] { return whose_ == thread; });
}

void Turns::leave(std::size_t thread) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), thread));
  choose();
}

void TurnMedium::pass() {
  if (turns_ != nullptr) turns_->pass(thread_);
}

Result<storage::Entry> TurnMedium::read(std::string_view name) {
  pass();
  return inner_.read(name);
}

Result<std::vector<std::string>> TurnMedium::list(std::string_view prefix, std::string_view after, std::size_t limit) {
  pass();
  return inner_.list(prefix, after, limit);
}

Status TurnMedium::commit(const storage::Batch& batch) {
  pass();
  return inner_.commit(batch);
}

Result<storage::Mark> TurnMedium::mark() {
  pass();
  return inner_.mark();
}

}  // namespace countersign::test
