// The settings of a data folder: flags first, then COUNTERSIGN_* variables, then countersign.toml, then the defaults.
//
// One table (settings.cpp) names every setting, its variable, its default, its reason and its range, and all three
// sources go through it. An unknown key is an error that names it, in the file with its line; so is a variable
// that looks like a setting mistyped.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "auth/passwords/argon2_parameters.hpp"
#include "cli/environment.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"
#include "transport/http/address.hpp"

namespace countersign::cli {

enum class StorageKind { sqlite, directory };
enum class Registration { open, closed };
enum class OpenPgpEngine { rnp, gpgme, both };

struct Settings {
  std::string server;             // the server's name, which every statement carries
  auth::Fingerprint fingerprint;  // of the server's certificate; all zero before init
  std::string server_key_home;    // the GnuPG home of the server's secret key; empty: secrets/server.key
  StorageKind storage = StorageKind::sqlite;
  Registration registration = Registration::closed;
  OpenPgpEngine openpgp = OpenPgpEngine::rnp;
  std::string instance = "server";  // the writer of this server's audit record
  transport::http::ListenAddress listen{"127.0.0.1", 8420, true};
  std::vector<std::string> trusted_proxies;  // CIDR
  bool rate_limit = true;

  Seconds challenge_http_lifetime{300};
  Seconds challenge_courier_lifetime{7 * 86400};
  Seconds signature_http_window{300};  // before and after now
  Seconds signature_courier_before_issue{48 * 3600};
  Seconds signature_courier_after_now{48 * 3600};
  Seconds session_idle_limit{12 * 3600};
  Seconds session_absolute_limit{24 * 3600};

  auth::passwords::PasswordPolicy password;

  // Attempts at once, and those that come back: a second, and a minute.
  std::uint32_t limit_requests = 1200;
  std::uint32_t limit_requests_per_second = 20;
  std::uint32_t limit_passwords_per_source = 60;
  std::uint32_t limit_passwords_per_source_per_minute = 10;
  std::uint32_t limit_passwords_per_account = 10;
  std::uint32_t limit_passwords_per_account_per_minute = 1;
};

// A setting by its name in the file ("session.idle_limit"), as text: what a flag gave.
struct SettingOverride {
  std::string key;
  std::string value;
};

inline constexpr const char* kSettingsFile = "countersign.toml";

// --data, else COUNTERSIGN_DATA, else $XDG_STATE_HOME/countersign, else ~/.local/state/countersign; absolute.
// invalid_settings where none of them says a place.
Result<std::filesystem::path> find_data_folder(const std::string& flag, const Environment& environment);

// not_found (with the command that makes it) where the folder has no countersign.toml; invalid_settings, naming the
// key.
Result<Settings> load_settings(const std::filesystem::path& data_folder, const Environment& environment,
                               std::span<const SettingOverride> overrides);
// The same from the text of a file. invalid_settings.
Result<Settings> read_settings(const std::string& toml, const Environment& environment,
                               std::span<const SettingOverride> overrides);

// The text of a fresh file: what differs from the default is set, all else is there as a comment with its default.
std::string write_settings(const Settings& settings);

// "90s", "5m", "12h", "7d"; whole numbers, one unit. invalid_settings.
Result<Seconds> parse_duration(std::string_view text);
std::string format_duration(Seconds duration);
// ServerIdentity::check_name, as a setting: invalid_settings.
Status check_server_name(std::string_view name);

std::string_view name_of(StorageKind kind);
std::string_view name_of(Registration registration);
std::string_view name_of(OpenPgpEngine engine);

}  // namespace countersign::cli
