// The table of settings: how each is named, written and read. No TOML and no files here.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/settings.hpp"

namespace countersign::cli {

struct SettingRow {
  std::string_view key;     // in countersign.toml, with its section
  std::string_view reason;  // one line for the file
  bool is_list;
  // invalid_settings with a detail that does not name the key.
  Status (*set)(Settings&, const std::string&);
  std::string (*get)(const Settings&);
};

std::span<const SettingRow> setting_table();
const SettingRow* find_setting(std::string_view key);
// "session.idle_limit" is COUNTERSIGN_SESSION_IDLE_LIMIT.
std::string variable_of(const SettingRow& row);
// "a,b" as ["a", "b"].
std::string list_in_toml(std::string_view joined);

}  // namespace countersign::cli
