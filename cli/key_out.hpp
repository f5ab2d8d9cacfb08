// Where a command puts the secret key that it was handed, which it shows once.
#pragma once

#include <optional>
#include <string>

#include "cli/command_context.hpp"
#include "cli/new_file.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

class KeyOut {
 public:
  // Before anything is made: a new file, or stdout where the name is empty. file_refused where there is such a file
  // already, storage_unavailable where it cannot be written.
  static Result<KeyOut> open(const std::string& file);

  // The answer's `secret_key` goes to the file, mode 0600, and the rest to stdout; without a file the key alone is data
  // on stdout, so that a redirection takes it as it is, and the rest is talk. With --json and no file the answer is
  // whole. file_refused where the file could not be finished: what made the key is done then.
  Status hand_over(CommandContext& context, Json answer);

 private:
  std::string name_;
  std::optional<NewFile> file_;
};

}  // namespace countersign::cli
