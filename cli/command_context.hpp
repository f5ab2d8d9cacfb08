// What every command is given besides its own options.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/environment.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli {

inline constexpr std::int64_t kListedAtOnce = 1000;  // by a list that goes page by page

struct CommandContext {
  Terminal& terminal;
  const Environment& environment;
  std::string data_flag;         // --data as it was given; empty where it was not
  ExitCode done = ExitCode::ok;  // of a command that does not fail

  // A list was cut off: the command that goes on, of the same data folder and in the same form.
  void say_more_follow(std::string_view list, std::int64_t limit, const std::string& after) const {
    std::string command = "countersign " + std::string(list) + " --after " + after;
    if (limit != kListedAtOnce) command += " --limit " + std::to_string(limit);
    if (terminal.full()) command += " --full";
    if (!data_flag.empty()) command += " --data " + quoted_for_shell(data_flag);
    terminal.say("More follow:\n  " + command);
  }

  // Only the server's commands have a data folder, so only they ask for one.
  Result<std::filesystem::path> data_folder() const { return find_data_folder(data_flag, environment); }
  Result<Settings> settings(std::span<const SettingOverride> overrides = {}) const {
    return load_settings(TRY(data_folder()), environment, overrides);
  }
};

}  // namespace countersign::cli
