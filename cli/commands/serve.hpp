// Runs the HTTP server until SIGINT or SIGTERM.
#pragma once

#include <vector>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ServeOptions {
  std::vector<SettingOverride> overrides;  // --listen, --openpgp, --rate-limit, --trusted-proxy
  bool insecure_http = false;              // a plain-HTTP address beyond loopback is meant
};
Status run_serve(const ServeOptions& options, CommandContext& context);

}  // namespace countersign::cli
