// What a load did, counted by all its threads, and what should not have been.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/endurance/account_beliefs.hpp"

namespace countersign::test {

// Any thread.
class Tally {
 public:
  void count(Deed deed, Answer answer) {
    const std::lock_guard lock(mutex_);
    ++calls_[static_cast<std::size_t>(deed)][static_cast<std::size_t>(answer)];
  }
  // Something else that has a name: a fault, a command.
  void count(const std::string& name) {
    const std::lock_guard lock(mutex_);
    ++others_[name];
  }
  void violate(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (violations_.size() < kViolationsKept) violations_.push_back(what);
    violated_ = true;
  }
  bool violated() const { return violated_; }
  std::vector<std::string> violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
  }

  std::uint64_t calls(Deed deed, Answer answer) const {
    const std::lock_guard lock(mutex_);
    return calls_[static_cast<std::size_t>(deed)][static_cast<std::size_t>(answer)];
  }
  std::uint64_t calls(Answer answer) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& answers : calls_) sum += answers[static_cast<std::size_t>(answer)];
    return sum;
  }
  std::map<std::string, std::uint64_t> others() const {
    const std::lock_guard lock(mutex_);
    return others_;
  }

 private:
  static constexpr std::size_t kViolationsKept = 5;

  mutable std::mutex mutex_;
  std::array<std::array<std::uint64_t, 3>, kDeeds> calls_{};
  std::map<std::string, std::uint64_t> others_;
  std::vector<std::string> violations_;
  std::atomic<bool> violated_{false};
};

}  // namespace countersign::test
