#include "cli/commands/challenge.hpp"

namespace countersign::cli {

Status run_challenge(const ChallengeOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
