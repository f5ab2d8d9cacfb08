// Issues a challenge by hand, on stdout.
#pragma once

#include <string>

#include "cli/challenge_request.hpp"
#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ChallengeOptions {
  std::string user;  // username or account id
  ChallengePurpose purpose;
};
Status run_challenge(const ChallengeOptions& options, CommandContext& context);

}  // namespace countersign::cli
