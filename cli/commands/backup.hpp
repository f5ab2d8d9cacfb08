// The store as a file, and back.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct BackupOptions {
  std::string file;  // "-" is stdout
};
Status run_backup(const BackupOptions& options, CommandContext& context);

struct RestoreOptions {
  std::string file;  // "-" is stdin; empty for the other two
  bool replace = false;
  bool accept = false;
  bool accept_lost_revocations = false;
  bool yes = false;
};
Status run_restore(const RestoreOptions& options, CommandContext& context);

}  // namespace countersign::cli
