// Administration of the clock.
#include "cli/commands/all.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct ClockAcceptOptions {
  bool yes = false;  // do not ask

  Arguments arguments() {
    return {
        yes_argument(&yes),
    };
  }
};

Status run_clock_accept(const ClockAcceptOptions& options, CommandContext& context) {
  if (!options.yes) {
    const std::string now = format_time(auth::SystemClock().now());
    TRY(context.terminal.confirm("It is " + now + " now; is that right?", "--yes"));
  }
  return run_local(context, "clock.accept", Json::object());
}

}  // namespace

Command clock_command() {
  return group("clock", "The clock",
               {
                   command("accept", "Accept this machine's clock after it ran ahead", "countersign clock accept --yes",
                           run_clock_accept),
               });
}

}  // namespace countersign::cli::commands
