// Gives an account another key, as its administrator.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RotateOptions {
  std::string user;        // username or account id
  std::string public_key;  // a file; "-" is stdin
};
Status run_rotate(const RotateOptions& options, CommandContext& context);

}  // namespace countersign::cli
