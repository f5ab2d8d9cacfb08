// What can be set, and one table that says of every setting its name, its default, its reason and its range. No TOML
// and no files here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "auth/base/log.hpp"
#include "auth/policies.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"
#include "transport/http/address.hpp"

namespace countersign::cli {

enum class StorageKind { sqlite, directory };
enum class OpenPgpEngine { rnp, gpgme, both };

struct Settings {
  std::string server;             // the server's name, which every statement carries
  auth::Fingerprint fingerprint;  // of the server's certificate; all zero before init
  std::string server_key_home;    // the GnuPG home of the server's secret key; empty: secrets/server.key
  StorageKind storage = StorageKind::sqlite;
  auth::Registration registration = auth::Registration::closed;
  OpenPgpEngine openpgp = OpenPgpEngine::rnp;
  std::string instance = "server";  // the writer of this server's audit record
  transport::http::ListenAddress listen{"127.0.0.1", 8420, true};
  std::optional<transport::http::ListenAddress> metrics_listen;  // nothing: no metrics
  std::vector<std::string> trusted_proxies;                      // CIDR
  transport::http::ForwardedHeader forwarded_header = transport::http::ForwardedHeader::x_forwarded_for;
  bool pages = false;
  std::string cookie_domain;    // empty: a browser's session is for the server's host alone
  bool password_login = false;  // at the pages
  std::uint32_t connections_max = 4096;
  std::uint32_t connections_per_address_max = 256;
  bool rate_limit = true;
  auth::LogFormat log_format = auth::LogFormat::text;

  Seconds challenge_http_lifetime{300};
  Seconds challenge_courier_lifetime{7 * 86400};
  Seconds signature_http_window{300};  // before and after now
  Seconds signature_courier_before_issue{48 * 3600};
  Seconds signature_courier_after_now{48 * 3600};
  Seconds session_idle_limit{12 * 3600};
  Seconds session_absolute_limit{24 * 3600};

  auth::passwords::PasswordPolicy password;

  // Attempts at once, and those that come back: a second, and a minute.
  std::uint32_t record_cache_mib = 64;
  std::uint32_t limit_requests = 1200;
  std::uint32_t limit_requests_per_second = 20;
  std::uint32_t limit_passwords_per_source = 60;
  std::uint32_t limit_passwords_per_source_per_minute = 10;
  std::uint32_t limit_passwords_per_account = 10;
  std::uint32_t limit_passwords_per_account_per_minute = 1;

  // From when on an operator is warned; zero: never.
  Seconds health_backup_age{7 * 86400};
  Seconds health_secret_age{365 * 86400};
  std::uint32_t health_disk_free_mib = 256;
};

// How a value stands in the file.
enum class SettingForm { text, number, list };

struct SettingRow {
  std::string_view key;     // in countersign.toml, with its section
  std::string_view reason;  // one line for the file
  SettingForm form;
  // invalid_settings with a detail that does not name the key.
  Status (*set)(Settings&, const std::string&);
  std::string (*get)(const Settings&);
  bool only_at_start = false;  // a running server does not take it over
};

std::span<const SettingRow> setting_table();
const SettingRow* find_setting(std::string_view key);
// "session.idle_limit" is COUNTERSIGN_SESSION_IDLE_LIMIT.
std::string variable_of(const SettingRow& row);
// A value as it stands in the file: "text", 5, ["a", "b"].
std::string in_toml(SettingForm form, std::string_view value);

// "90s", "5m", "12h", "7d"; whole numbers, one unit. invalid_settings.
Result<Seconds> parse_duration(std::string_view text);
std::string format_duration(Seconds duration);
// ServerIdentity::check_name, as a setting: invalid_settings.
Status check_server_name(std::string_view name);

std::string_view name_of(StorageKind kind);
std::string_view name_of(OpenPgpEngine engine);

}  // namespace countersign::cli
