#include "cli/commands/login.hpp"

namespace countersign::cli {

Status run_login(const LoginOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
