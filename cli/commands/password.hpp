// Administration of passwords.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct PasswordSetOptions {
  std::string user;           // username or account id
  std::string password_file;  // "-" is stdin; empty: asked for
};
Status run_password_set(const PasswordSetOptions& options, CommandContext& context);

struct PasswordRemoveOptions {
  std::string user;
};
Status run_password_remove(const PasswordRemoveOptions& options, CommandContext& context);

}  // namespace countersign::cli
