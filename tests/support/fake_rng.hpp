// The kernel's randomness, until a test says that there is none.
#pragma once

#include <atomic>

#include "auth/base/rng.hpp"

namespace countersign::test {

// Any thread at any time.
class FakeRng final : public auth::Rng {
 public:
  Status fill(std::span<std::uint8_t> out) override {
    int left = left_.load();
    while (left > 0 && !left_.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 0) return countersign::fail(ErrorCode::entropy_unavailable, "as told");
    return rng_.fill(out);
  }
  // The next `count` calls succeed, and then none.
  void run_dry_after(int count) { left_ = count; }
  void refresh() { left_ = -1; }

 private:
  auth::SystemRng rng_;
  std::atomic<int> left_{-1};
};

}  // namespace countersign::test
