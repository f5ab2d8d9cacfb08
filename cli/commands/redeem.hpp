// Takes a response by hand.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct RedeemOptions {
  std::string file;        // empty or "-": stdin
  std::string public_key;  // for enrol: a file with the certificate, where the response does not hold it
};
Status run_redeem(const RedeemOptions& options, CommandContext& context);

}  // namespace countersign::cli
