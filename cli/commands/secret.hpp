// The server's secrets.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct SecretListOptions {};
Status run_secret_list(const SecretListOptions& options, CommandContext& context);

struct SecretRotateOptions {
  std::string family;
  std::string after;  // a duration; empty: soon, but not before running servers have loaded the key
};
Status run_secret_rotate(const SecretRotateOptions& options, CommandContext& context);

struct SecretResealOptions {};
Status run_secret_reseal(const SecretResealOptions& options, CommandContext& context);

struct SecretRetireOptions {
  std::string id;
  bool leaked = false;
  bool yes = false;
};
Status run_secret_retire(const SecretRetireOptions& options, CommandContext& context);

}  // namespace countersign::cli
