#include "cli/commands/clock.hpp"

namespace countersign::cli {

Status run_clock_accept(const ClockAcceptOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
