// Taking accounts over from the Go predecessor.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct AccountImportOptions {
  std::string folder;  // the one that holds `users`
  bool skip_strays = false;
  bool dry_run = false;
};
Status run_account_import(const AccountImportOptions& options, CommandContext& context);

}  // namespace countersign::cli
