#include "auth/base/clock.hpp"

namespace countersign::auth {

Instant SystemClock::now() const {
  return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

std::chrono::milliseconds SystemClock::monotonic() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace countersign::auth
