// The air-gapped signer's last step: the session that a stick brought back.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct CourierOpenOptions {
  std::string path;  // a grant, or a courier folder for all in it; empty or "-": a grant from stdin
  std::string server;
  std::string server_key;
};
Status run_courier_open(const CourierOpenOptions& options, CommandContext& context);

}  // namespace countersign::cli
