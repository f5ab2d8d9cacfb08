// What every command is given besides its own options.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/environment.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"

namespace countersign::cli {

struct CommandContext {
  Terminal& terminal;
  const Environment& environment;
  std::string data_flag;         // --data as it was given; empty where it was not
  ExitCode done = ExitCode::ok;  // of a command that does not fail

  // Only the server's commands have a data folder, so only they ask for one.
  Result<std::filesystem::path> data_folder() const { return find_data_folder(data_flag, environment); }
  Result<Settings> settings(std::span<const SettingOverride> overrides = {}) const {
    return load_settings(TRY(data_folder()), environment, overrides);
  }
};

}  // namespace countersign::cli
