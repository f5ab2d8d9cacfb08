#include "cli/commands/respond.hpp"

namespace countersign::cli {

Status run_respond(const RespondOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
