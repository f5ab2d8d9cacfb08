// Challenge, response and session in one; prints the token once.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct LoginOptions {
  std::string url;
  std::string user;
  std::string server;
  std::string server_key;
  bool insecure_http = false;  // a token in clear on the network is meant
};
Status run_login(const LoginOptions& options, CommandContext& context);

}  // namespace countersign::cli
