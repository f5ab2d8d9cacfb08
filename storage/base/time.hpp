// Instants are whole seconds of UTC; they are written as RFC 3339 with a Z and no fraction.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace countersign {

using Seconds = std::chrono::seconds;
using Instant = std::chrono::sys_seconds;

// 2026-11-21T17:20:00Z. Years 1970 to 9999.
std::string format_time(Instant instant);
// Exactly that form, and a real date.
std::optional<Instant> parse_time(std::string_view text);

inline std::int64_t unix_seconds(Instant instant) {
  return instant.time_since_epoch().count();
}
inline Instant from_unix(std::int64_t seconds) {
  return Instant(Seconds(seconds));
}

}  // namespace countersign
