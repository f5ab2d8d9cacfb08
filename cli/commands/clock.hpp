// Administration of the clock.
#pragma once

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ClockAcceptOptions {
  bool yes = false;  // do not ask
};
Status run_clock_accept(const ClockAcceptOptions& options, CommandContext& context);

}  // namespace countersign::cli
