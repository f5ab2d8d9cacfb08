// The list of revocations as a signed file.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RevocationExportOptions {
  std::string file;  // "-" is stdout
};
Status run_revocation_export(const RevocationExportOptions& options, CommandContext& context);

struct RevocationApplyOptions {
  std::string file;  // "-" is stdin
};
Status run_revocation_apply(const RevocationApplyOptions& options, CommandContext& context);

}  // namespace countersign::cli
