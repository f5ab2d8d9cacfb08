#include "cli/commands/redeem.hpp"

namespace countersign::cli {

Status run_redeem(const RedeemOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
