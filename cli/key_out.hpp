// Commands that have the server make a key, and where the secret key that they are handed goes.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/new_file.hpp"

namespace countersign::cli {

// Instead of a --public-key.
struct KeyMadeHere {
  bool managed = false;
  bool escrow = false;
  std::string key_out;  // a file for the secret key; empty: stdout

  Arguments arguments();
};

class KeyOut {
 public:
  // Before anything is made: a new file, or stdout where the name is empty or "-". `if_lost` is what to do where the
  // key was made and cannot be written. file_refused where there is such a file already, or none can be made there;
  // else as NewFile::begin().
  static Result<KeyOut> open(const std::string& file, std::string if_lost);

  // The answer's `secret_key` goes to the file, mode 0600, and the rest to stdout; without a file the key alone is data
  // on stdout, so that a redirection takes it as it is, and the rest is talk. With --json and no file the answer is
  // whole. file_refused where the key could not be written: what made it is done then.
  Status hand_over(CommandContext& context, Json answer);

 private:
  Status write(CommandContext& context, const Json& answer);

  std::string name_;
  std::string if_lost_;
  std::optional<storage::NewFile> file_;  // else stdout
};

}  // namespace countersign::cli
