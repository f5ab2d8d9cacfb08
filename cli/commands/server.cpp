#include "cli/commands/server.hpp"

namespace countersign::cli {

Status run_server_list(const ServerListOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_server_trust(const ServerTrustOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_server_forget(const ServerForgetOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
