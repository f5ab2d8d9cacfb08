// The air-gapped signer's side of a stick.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct CourierSignOptions {
  std::string folder;
  std::string server;
  std::string server_key;
  std::string new_key;  // for rotate: the fingerprint of the next key
  std::string purpose;
};
Status run_courier_sign(const CourierSignOptions& options, CommandContext& context);

}  // namespace countersign::cli
