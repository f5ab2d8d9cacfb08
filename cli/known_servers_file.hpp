// Where the user's known servers are kept, and how they type a fingerprint.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/environment.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

// $XDG_CONFIG_HOME/countersign/known_servers, else ~/.config/countersign/known_servers. invalid_settings.
Result<std::filesystem::path> known_servers_file(const Environment& environment);

// Fingerprints are often printed in groups of four.
std::string without_blanks(std::string_view text);

}  // namespace countersign::cli
