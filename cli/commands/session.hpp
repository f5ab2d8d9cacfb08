// Administration of sessions.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct SessionListOptions {
  std::string user;  // username or account id
};
Status run_session_list(const SessionListOptions& options, CommandContext& context);

struct SessionShowOptions {
  std::string user;
  std::string session;
};
Status run_session_show(const SessionShowOptions& options, CommandContext& context);

struct SessionEndOptions {
  std::string user;
  std::string session;  // empty with all
  bool all = false;
};
Status run_session_end(const SessionEndOptions& options, CommandContext& context);

}  // namespace countersign::cli
