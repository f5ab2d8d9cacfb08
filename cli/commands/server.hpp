// The client's known servers.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct ServerListOptions {};
Status run_server_list(const ServerListOptions& options, CommandContext& context);

struct ServerTrustOptions {
  std::string name;
  std::string fingerprint;
  std::string url;
};
Status run_server_trust(const ServerTrustOptions& options, CommandContext& context);

struct ServerForgetOptions {
  std::string name;
};
Status run_server_forget(const ServerForgetOptions& options, CommandContext& context);

}  // namespace countersign::cli
