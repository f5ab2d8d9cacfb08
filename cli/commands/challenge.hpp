// Issues a challenge by hand, on stdout.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ChallengeOptions {
  std::string user;        // username or account id
  std::string purpose;     // "login" or "enrol"
  std::string public_key;  // for enrol: a file with the certificate
};
Status run_challenge(const ChallengeOptions& options, CommandContext& context);

}  // namespace countersign::cli
