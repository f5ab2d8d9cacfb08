#include "cli/settings.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>

#include <toml++/toml.h>

#include "cli/setting_values.hpp"
#include "cli/suggestion.hpp"
#include "storage/base/shell.hpp"
#include "storage/base/text.hpp"
#include "storage/base/text_encoding.hpp"
#include "transport/pages/site.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kFileBytesMax = 256u << 10;

tl::unexpected<Error> refuse(std::string_view key, std::string_view why) {
  return fail(ErrorCode::invalid_settings, fmt::format("{}: {}", key, why));
}

std::string_view allowed(SettingForm form) {
  switch (form) {
    case SettingForm::text:
      return "a text in quotes";
    case SettingForm::number:
      return "a whole number";
    case SettingForm::list:
      return "a list of texts in quotes, such as [\"127.0.0.1\", \"10.0.0.0/8\"]";
  }
  return {};
}

// A TOML value as the text that a flag or a variable would hold; lists are joined with commas.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return fmt::format("{}", *number);
  if (const auto boolean = node.value_exact<bool>()) return *boolean ? "on" : "off";
  const toml::array* items = node.as_array();
  if (items == nullptr) return std::nullopt;
  std::string out;
  for (const toml::node& item : *items) {
    const auto text = item.value_exact<std::string>();
    if (!text || text->find(',') != std::string::npos) return std::nullopt;
    out += (out.empty() ? "" : ",") + *text;
  }
  return out;
}

constexpr const char* kDataVariable = "COUNTERSIGN_DATA";
const std::string kPrefix = "COUNTERSIGN_";

// "; did you mean ...?", of a name of which half is missing too; empty where none is near.
std::string question(std::string_view word, const std::vector<std::string>& names, std::string_view prefix = "") {
  auto meant = suggest(word, names);
  for (const std::string& name : names) {
    if (!meant && !word.empty() && name.starts_with(word)) meant = name;
  }
  return meant ? fmt::format("; did you mean {}{}?", prefix, *meant) : std::string();
}

// Settings under way, and where each of them that is not the default was said.
struct Reading {
  Settings settings;
  std::map<std::string, std::string, std::less<>> places;

  std::string place_of(std::string_view key) const {
    const auto found = places.find(key);
    return found == places.end() ? std::string("the default") : found->second;
  }
};

Status apply(Reading& reading, std::string_view key, const std::string& value, std::string_view where) {
  const SettingRow* row = find_setting(key);
  if (row == nullptr) {
    const std::string_view name = key.substr(key.rfind('.') + 1);
    if (name != key && find_setting(name) != nullptr) {
      return refuse(key, fmt::format("there is no such setting ({}); {} stands above the first [table] of the file",
                                     where, name));
    }
    std::vector<std::string> keys;
    for (const SettingRow& one : setting_table()) keys.emplace_back(one.key);
    return refuse(key, fmt::format("there is no such setting ({}){}", where, question(key, keys)));
  }
  const Status set = row->set(reading.settings, value);
  if (!set) return refuse(key, fmt::format("{} ({})", set.error().detail, where));
  reading.places.insert_or_assign(std::string(key), std::string(where));
  return ok();
}

Status apply_table(Reading& reading, const std::string& prefix, const toml::table& table) {
  for (const auto& entry : table) {
    const std::string key = prefix + std::string(entry.first.str());
    if (const toml::table* nested = entry.second.as_table(); nested != nullptr && prefix.empty()) {
      TRY(apply_table(reading, key + ".", *nested));
      continue;
    }
    const auto text = text_of(entry.second);
    const std::string where = fmt::format("{}, line {}", kSettingsFile, entry.first.source().begin.line);
    if (const SettingRow* row = find_setting(key); !text && row != nullptr) {
      return refuse(key, fmt::format("the value is of a wrong type; it is {} ({})", allowed(row->form), where));
    }
    TRY(apply(reading, key, text.value_or(""), where));
  }
  return ok();
}

// A variable that is mistyped would else be a setting that is not made. One that is like none of ours is somebody
// else's: containers are given COUNTERSIGN_SERVICE_HOST and the like for a service of our name.
Status check_variables(const Environment& environment) {
  std::vector<std::string> known = {kDataVariable};
  for (const SettingRow& row : setting_table()) known.push_back(variable_of(row));
  for (std::string& one : known) one.erase(0, kPrefix.size());
  for (const std::string& name : environment.list_names(kPrefix)) {
    if (std::find(known.begin(), known.end(), name.substr(kPrefix.size())) != known.end()) continue;
    const std::string word = name.substr(kPrefix.size());
    std::string meant = question(word, known, kPrefix);
    // A setting of a table, without the table.
    for (const std::string& one : known) {
      if (meant.empty() && one.ends_with("_" + word)) meant = fmt::format("; did you mean {}{}?", kPrefix, one);
    }
    if (!meant.empty()) return refuse(name, "there is no such variable" + meant);
  }
  return ok();
}

Status check_pages(const Reading& reading) {
  const Settings& settings = reading.settings;
  if (!settings.pages) return ok();
  const auto refuse_site = [&](std::string_view key, const Error& error) {
    return refuse(key, fmt::format("{} ({})", error.detail, reading.place_of(key)));
  };
  if (const auto site = transport::pages::parse_site(settings.server, ""); !site) {
    return refuse_site("pages", site.error());
  }
  const auto site = transport::pages::parse_site(settings.server, settings.cookie_domain);
  return site ? ok() : Status(refuse_site("cookie_domain", site.error()));
}

Status check_together(const Reading& reading) {
  const Settings& settings = reading.settings;
  if (settings.server.empty())
    return refuse("server",
                  fmt::format("{} does not say it; write server = \"NAME\", the name that `countersign init` was given",
                              kSettingsFile));
  if (settings.session_idle_limit > settings.session_absolute_limit) {
    constexpr std::string_view kIdle = "session.idle_limit";
    constexpr std::string_view kAbsolute = "session.absolute_limit";
    return refuse(kIdle, fmt::format("{} ({}) is longer than {}, {} ({})", find_setting(kIdle)->get(settings),
                                     reading.place_of(kIdle), kAbsolute, find_setting(kAbsolute)->get(settings),
                                     reading.place_of(kAbsolute)));
  }
  TRY(check_pages(reading));
  if (!settings.server_key_home.empty() && settings.openpgp == OpenPgpEngine::rnp) {
    return refuse(
        "openpgp",
        "rnp cannot reach a key in a GnuPG home (server_key_home); take gpgme or both, in countersign.toml or "
        "as `--openpgp gpgme`");
  }
  return ok();
}

// What is wrong with the quotes of the value in that line, where the library does not say it: a text without them, in
// curly ones, or with one alone.
std::string_view words_on_quotes(std::string_view text, std::size_t line) {
  const auto lines = split_lines(text);
  if (line == 0 || line > lines.size()) return "";
  const std::string_view shown = lines[line - 1];
  const auto equals = shown.find('=');
  if (equals == std::string_view::npos) return "";
  const std::string_view value = trimmed(shown.substr(equals + 1));
  if (value.starts_with('"') && value.find('"', 1) == std::string_view::npos) return "; the second quote is missing";
  const bool is_number = value.find_first_not_of("0123456789_+-") == std::string_view::npos;
  const bool is_quoted = value.starts_with('"') || value.starts_with('\'') || value.starts_with('[');
  return is_number || is_quoted ? "" : "; a text stands in straight quotes: \"on\"";
}

// Debian's library is built with exceptions, and they stop here.
Result<toml::table> parse_toml(const std::string& text) {
  try {
    return toml::parse(std::string_view(text), std::string_view(kSettingsFile));
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    return fail(ErrorCode::invalid_settings, fmt::format("{}, line {}: {}{}", kSettingsFile, line, error.description(),
                                                         words_on_quotes(text, line)));
  }
}

// Whoever may write the settings opens registration, or names proxies. Where the file is a link, that holds of what it
// leads to.
Status check_unwritten_by_others(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return ok();
  return fail(ErrorCode::startup_refused,
              path.string() + " can be changed by other users; run: chmod go-w " + quoted_for_shell(path.string()));
}

}  // namespace

Result<std::filesystem::path> find_data_folder(const std::string& flag, const Environment& environment) {
  std::filesystem::path folder;
  if (!flag.empty()) {
    folder = flag;
  } else if (const auto data = environment.find(kDataVariable)) {
    folder = *data;
  } else if (const auto state = environment.find("XDG_STATE_HOME"); state && state->front() == '/') {
    // XDG base directory specification: a relative path in these variables is to be ignored.
    folder = std::filesystem::path(*state) / "countersign";
  } else if (const auto home = environment.find("HOME")) {
    folder = std::filesystem::path(*home) / ".local/state/countersign";
  } else {
    return fail(ErrorCode::invalid_settings, "no data folder: pass --data DIR");
  }
  std::error_code error;
  folder = std::filesystem::absolute(folder, error);
  if (error) return fail(ErrorCode::invalid_settings, "the data folder's path cannot be resolved: " + error.message());
  return folder.lexically_normal();
}

Result<Settings> read_settings(const std::string& text, const Environment& environment,
                               std::span<const SettingOverride> overrides) {
  Reading reading;
  const toml::table table = TRY(parse_toml(text));
  TRY(apply_table(reading, "", table));
  TRY(check_variables(environment));
  for (const SettingRow& row : setting_table()) {
    const std::string variable = variable_of(row);
    if (const auto value = environment.find(variable)) TRY(apply(reading, row.key, *value, variable));
  }
  for (const SettingOverride& given : overrides) TRY(apply(reading, given.key, given.value, given.flag));
  TRY(check_together(reading));
  return std::move(reading.settings);
}

Result<Settings> load_settings(const std::filesystem::path& data_folder, const Environment& environment,
                               std::span<const SettingOverride> overrides) {
  const std::filesystem::path path = data_folder / kSettingsFile;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    return fail(ErrorCode::not_found,
                fmt::format("{} is not there; make a data folder with `countersign init --server NAME`, or say where "
                            "it is with --data DIR",
                            path.string()));
  }
  TRY(check_unwritten_by_others(path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad())
    return fail(ErrorCode::invalid_settings, path.string() + " cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) return fail(ErrorCode::invalid_settings, path.string() + " is too large");
  const auto decoded = decode_text(std::move(text));
  if (!decoded) return fail(ErrorCode::invalid_settings, path.string() + ": " + decoded.error().detail);
  auto settings = TRY(read_settings(*decoded, environment, overrides));
  if (settings.fingerprint == auth::Fingerprint()) {
    return refuse("fingerprint",
                  fmt::format("{} does not say it; write fingerprint = \"...\", the one that `countersign init` told "
                              "and `countersign server list` shows where users trust the server",
                              path.string()));
  }
  return settings;
}

std::vector<std::string> keep_until_start(Settings& changed, const Settings& running) {
  std::vector<std::string> kept;
  for (const SettingRow& row : setting_table()) {
    const std::string value = row.get(running);
    if (!row.only_at_start || row.get(changed) == value) continue;
    kept.emplace_back(row.key);
    [[maybe_unused]] const Status set = row.set(changed, value);
    assert(set);  // it came from there
  }
  return kept;
}

std::string write_settings(const Settings& settings) {
  std::string out =
      "# Settings of a Countersign server. A flag wins over a COUNTERSIGN_* variable, and a variable over this file.\n"
      "# Durations are whole numbers with a unit: 90s, 5m, 12h, 7d.\n";
  std::string section;
  const Settings defaults;
  for (const SettingRow& row : setting_table()) {
    const std::string key(row.key);
    const auto dot = key.find('.');
    const std::string own_section = dot == std::string::npos ? "" : key.substr(0, dot);
    if (own_section != section) out += "\n[" + own_section + "]\n";
    section = own_section;
    const std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
    const std::string value = row.get(settings);
    const bool is_default = value == row.get(defaults);
    out += fmt::format("\n# {} ({})\n{}{} = {}\n", row.reason, variable_of(row), is_default ? "# " : "", name,
                       in_toml(row.form, value));
  }
  return out;
}

}  // namespace countersign::cli
