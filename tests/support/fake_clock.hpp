// A clock that stands still until a test moves it.
#pragma once

#include <atomic>

#include "auth/base/clock.hpp"

namespace countersign::test {

inline constexpr Instant kNoon{Seconds(1'795'262'400)};  // 2026-11-21T12:00:00Z

// Any thread at any time.
class FakeClock final : public auth::Clock {
 public:
  Instant now() const override { return Instant(Seconds(wall_.load())); }
  std::chrono::milliseconds monotonic() const override { return std::chrono::milliseconds(monotonic_.load()); }

  // Time goes by: both hands move.
  void pass(std::chrono::milliseconds time) {
    wall_ += std::chrono::duration_cast<Seconds>(time).count();
    monotonic_ += time.count();
  }
  // Somebody sets the wall clock; the monotonic one does not follow.
  void set(Instant wall) { wall_ = unix_seconds(wall); }

 private:
  std::atomic<std::int64_t> wall_{unix_seconds(kNoon)};
  std::atomic<std::int64_t> monotonic_{50'000'000};
};

}  // namespace countersign::test
