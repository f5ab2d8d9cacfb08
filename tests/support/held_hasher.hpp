// A hasher that hashes when the test lets it: what waits and what does not can then be looked at without a clock.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "auth/passwords/hasher.hpp"

namespace countersign::test {

// Outlives the hasher. Any thread.
class HashGate {
 public:
  auth::passwords::HasherSettings settings(std::size_t at_once, std::size_t queue_max) {
    auth::passwords::HasherSettings out;
    out.at_once = at_once;
    out.queue_max = queue_max;
    out.compute = [this](const auth::passwords::HashRequest& request, auth::passwords::Arena& arena) {
      enter();
      auto tag = auth::passwords::compute_argon2id(request, arena);
      leave();
      return tag;
    };
    return out;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  std::size_t most_at_once() const {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  void enter() {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++inside_);
    opened_.wait(lock, [&] { return open_; });
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
  }

  mutable std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  std::size_t inside_ = 0;
  std::size_t most_ = 0;
};

}  // namespace countersign::test
