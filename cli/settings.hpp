// The settings of a data folder: flags first, then COUNTERSIGN_* variables, then countersign.toml, then the defaults.
//
// All three sources go through the table of setting_values.hpp. An unknown key is an error that names it, in the file
// with its line; so is a variable that looks like a setting mistyped.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cli/environment.hpp"
#include "cli/setting_values.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

// A setting by its name in the file ("session.idle_limit"), as text: what a flag gave, and the flag.
struct SettingOverride {
  std::string key;
  std::string value;
  std::string flag;
};

inline constexpr const char* kSettingsFile = "countersign.toml";

// --data, else COUNTERSIGN_DATA, else $XDG_STATE_HOME/countersign, else ~/.local/state/countersign; absolute.
// invalid_settings where none of them says a place.
Result<std::filesystem::path> find_data_folder(const std::string& flag, const Environment& environment);

// not_found (with the command that makes it) where the folder has no countersign.toml; invalid_settings, naming the
// key, also where nothing says the server's fingerprint.
Result<Settings> load_settings(const std::filesystem::path& data_folder, const Environment& environment,
                               std::span<const SettingOverride> overrides);
// The same from the text of a file. invalid_settings.
Result<Settings> read_settings(const std::string& toml, const Environment& environment,
                               std::span<const SettingOverride> overrides);

// Puts back whatever a running server does not take over, and names it.
std::vector<std::string> keep_until_start(Settings& changed, const Settings& running);

// The text of a fresh file: what differs from the default is set, all else is there as a comment with its default.
std::string write_settings(const Settings& settings);

}  // namespace countersign::cli
