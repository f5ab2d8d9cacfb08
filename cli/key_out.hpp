// Where a command puts the secret key that it was handed, which it shows once.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

// Before anything is made: --key-out FILE names no file that is there, in a folder that can be written to.
// file_refused.
Status check_key_out(const std::string& file);

// The answer's `secret_key` goes to the file, mode 0600, and the rest to stdout; without a file the key alone is data
// on stdout, so that a redirection takes it as it is, and the rest is talk. With --json and no file the answer is
// whole.
Status hand_over(CommandContext& context, Json answer, const std::string& file);

}  // namespace countersign::cli
