// Administration of the server's own key.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::cli {

struct ServerKeyShowOptions {};
Status run_server_key_show(const ServerKeyShowOptions& options, CommandContext& context);

// Exactly one of the three.
struct ServerKeyExtendOptions {
  std::string lifetime;  // from now: 90d, 26w, 2y
  std::string until;     // 2028-11-21, or with a time
  bool never = false;
};
Status run_server_key_extend(const ServerKeyExtendOptions& options, CommandContext& context);

struct ServerKeyRefreshOptions {};
Status run_server_key_refresh(const ServerKeyRefreshOptions& options, CommandContext& context);

struct ServerKeyReplaceOptions {
  std::string overlap;  // 90d; empty: the default
  bool without_succession = false;
  bool yes = false;  // do not ask
};
Status run_server_key_replace(const ServerKeyReplaceOptions& options, CommandContext& context);

// "90d", "26w", "2y": a year is 365 days. Minutes and months would share a letter, so there is neither. usage.
Result<Seconds> parse_lifetime(std::string_view text);
// "2028-11-21" (its first second, UTC) or "2028-11-21T12:00:00Z". usage.
Result<Instant> parse_date(std::string_view text);

}  // namespace countersign::cli
