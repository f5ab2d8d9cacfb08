#include "cli/commands/init.hpp"

namespace countersign::cli {

Status run_init(const InitOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
