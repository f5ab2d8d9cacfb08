#include "cli/commands/session.hpp"

namespace countersign::cli {

Status run_session_list(const SessionListOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_session_show(const SessionShowOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_session_end(const SessionEndOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
