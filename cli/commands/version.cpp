// What this program is.
#include "cli/commands/all.hpp"

namespace countersign::cli::commands {
namespace {

Status run_version(CommandContext& context) {
  context.terminal.answer(Json::object().set("version", COUNTERSIGN_VERSION));
  return ok();
}

}  // namespace

Command version_command() {
  return command("version", "Print the version", "countersign version", run_version);
}

}  // namespace countersign::cli::commands
