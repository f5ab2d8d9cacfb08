// The client's side of a challenge, also as a filter: checks the server, shows the statement, signs it.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RespondOptions {
  std::string file;  // empty or "-": stdin
  std::string server;
  std::string server_key;
  std::string new_key;  // for rotate: the fingerprint of the next key
  std::string purpose;  // what the user means to sign
};
Status run_respond(const RespondOptions& options, CommandContext& context);

}  // namespace countersign::cli
