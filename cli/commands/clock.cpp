#include "cli/commands/clock.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_clock_accept(const ClockAcceptOptions& options, CommandContext& context) {
  if (!options.yes) {
    const std::string now = format_time(auth::SystemClock().now());
    TRY(context.terminal.confirm("It is " + now + " now; is that right?", "--yes"));
  }
  return run_local(context, "clock.accept", Json::object());
}

}  // namespace countersign::cli
