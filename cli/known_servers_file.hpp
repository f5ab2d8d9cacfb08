// Where the user's known servers are kept, and how they type a fingerprint.
#pragma once

#include <filesystem>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "cli/environment.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

// $XDG_CONFIG_HOME/countersign/known_servers, else ~/.config/countersign/known_servers. invalid_settings.
Result<std::filesystem::path> known_servers_file(const Environment& environment);

// A fingerprint as people type it: 40 hex digits in either case, also in groups with blanks between. malformed_message.
Result<auth::Fingerprint> parse_typed_fingerprint(std::string_view text);

}  // namespace countersign::cli
