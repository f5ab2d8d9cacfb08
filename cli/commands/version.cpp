#include "cli/commands/version.hpp"

namespace countersign::cli {

Status run_version(const VersionOptions&, CommandContext& context) {
  context.terminal.answer(Json::object().set("version", COUNTERSIGN_VERSION));
  return ok();
}

}  // namespace countersign::cli
