// Revokes an account's key, as its administrator.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RevokeOptions {
  std::string user;  // username or account id
  std::string reason;
  std::string note;
  std::string certificate;  // a file with an OpenPGP revocation certificate; "-" is stdin
};
Status run_revoke(const RevokeOptions& options, CommandContext& context);

}  // namespace countersign::cli
