#include "cli/commands/serve.hpp"

namespace countersign::cli {

Status run_serve(const ServeOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
