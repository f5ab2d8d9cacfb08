// Adding many accounts at once, for `account add --batch`.
#pragma once

#include <string>

#include "cli/command_context.hpp"

namespace countersign::cli::commands {

// Each line of the file (or of stdin, "-") is a JSON object {"username", "public_key", "groups"?, "email"?,
// "display_name"?}. Prints how many were added, were there already with that key, and were refused, the first of those
// with their lines. failed where one was refused; as the store where it does not answer, and then the rest was not
// tried.
Status add_accounts(const std::string& path, CommandContext& context);

}  // namespace countersign::cli::commands
