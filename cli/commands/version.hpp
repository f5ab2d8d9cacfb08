// What this program is.
#pragma once

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct VersionOptions {};
Status run_version(const VersionOptions& options, CommandContext& context);

}  // namespace countersign::cli
