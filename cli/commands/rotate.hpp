// Gives an account another key, as its administrator.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RotateOptions {
  std::string user;           // username or account id
  std::string public_key;     // a file; "-" is stdin
  bool managed = false;       // the server makes the key, and sets the password
  std::string password_file;  // "-" is stdin; empty: asked for
  bool escrow = false;
  std::string key_out;  // a file for the secret key; empty: stdout
};
Status run_rotate(const RotateOptions& options, CommandContext& context);

}  // namespace countersign::cli
