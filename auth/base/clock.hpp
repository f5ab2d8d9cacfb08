// Time for every decision comes from here, so that a test can hold it still.
#pragma once

#include <chrono>

#include "storage/base/time.hpp"

namespace countersign::auth {

// Both may be called by any thread at any time and do not fail.
class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock.
  virtual Instant now() const = 0;
  // Never runs backward and does not follow a wall clock that is set; since an arbitrary moment.
  virtual std::chrono::milliseconds monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  std::chrono::milliseconds monotonic() const override;
};

}  // namespace countersign::auth
