// How much strangers may ask for, and how often passwords may be tried.
#pragma once

#include <cstddef>

namespace countersign::auth {

struct ThrottleLimits {
  double burst = 1200;     // at once
  double per_second = 20;  // and from then on
  std::size_t keys_max = 4096;
};

inline constexpr double kPerMinute = 1.0 / 60;

struct LimitSettings {
  ThrottleLimits requests{};
  // At least one a minute comes back, which is what the Retry-After of a refusal says.
  ThrottleLimits password_sources{60, 10 * kPerMinute, 4096};
  ThrottleLimits password_accounts{10, 1 * kPerMinute, 4096};
};

}  // namespace countersign::auth
