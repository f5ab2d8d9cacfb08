#include "cli/setting_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "auth/records/sealed_challenge.hpp"
#include "auth/records/server_identity.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kGnupgHomeBytesMax = 80;
constexpr Seconds kMinute{60};
constexpr Seconds kHour{3600};
constexpr Seconds kDay{86400};
constexpr EnumNames<StorageKind::sqlite, StorageKind::directory> kStorageKinds("sqlite", "directory");
using transport::http::ForwardedHeader;
constexpr EnumNames<ForwardedHeader::x_forwarded_for, ForwardedHeader::forwarded> kForwardedHeaders("x-forwarded-for",
                                                                                                    "forwarded");
constexpr EnumNames<auth::LogFormat::text, auth::LogFormat::json> kLogFormats("text", "json");
constexpr EnumNames<OpenPgpEngine::rnp, OpenPgpEngine::both> kEngines("rnp", "gpgme", "both");

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::invalid_settings, std::move(why));
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Seconds> duration_between(const std::string& text, Seconds least, Seconds most) {
  const Seconds value = TRY(parse_duration(text));
  if (value < least || value > most) {
    return refuse(
        fmt::format("from {} to {}, not {}", format_duration(least), format_duration(most), format_duration(value)));
  }
  return value;
}

std::vector<std::string> split_at_commas(std::string_view joined) {
  std::vector<std::string> parts;
  while (!joined.empty()) {
    const auto comma = joined.find(',');
    std::string_view part = joined.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.emplace_back(part);
    if (comma == std::string_view::npos) break;
    joined.remove_prefix(comma + 1);
  }
  return parts;
}

// "a,b" as ["a", "b"].
std::string list_in_toml(std::string_view joined) {
  std::string out = "[";
  for (const std::string& part : split_at_commas(joined)) out += (out.size() == 1 ? "\"" : ", \"") + part + "\"";
  return out + "]";
}

Status set_server(Settings& settings, const std::string& text) {
  TRY(check_server_name(text));
  settings.server = text;
  return ok();
}

Status set_fingerprint(Settings& settings, const std::string& text) {
  const auto parsed = auth::Fingerprint::parse(text);
  if (!parsed) return refuse("a fingerprint is 40 hex digits");
  settings.fingerprint = *parsed;
  return ok();
}

std::string get_fingerprint(const Settings& settings) {
  return settings.fingerprint == auth::Fingerprint{} ? std::string{} : settings.fingerprint.upper();
}

Status set_server_key_home(Settings& settings, const std::string& text) {
  if (!text.empty() && text.front() != '/') return refuse("the absolute path of a GnuPG home");
  if (has_unprintable(text) || text.find_first_of("\"\\") != std::string::npos) {
    return refuse("a path without control characters, quotes and backslashes");
  }
  // Its agent's sockets may lie in it, and the path of a socket has at most 107 bytes.
  if (text.size() > kGnupgHomeBytesMax)
    return refuse(fmt::format("the path of a GnuPG home (GNUPGHOME) has at most {} bytes", kGnupgHomeBytesMax));
  settings.server_key_home = text;
  return ok();
}

Status set_storage(Settings& settings, const std::string& text) {
  const auto named = kStorageKinds.find(text);
  if (!named) return refuse("sqlite or directory");
  settings.storage = *named;
  return ok();
}

Status set_registration(Settings& settings, const std::string& text) {
  const auto named = auth::kRegistrations.find(text);
  if (!named) return refuse("closed, invite or open");
  settings.registration = *named;
  return ok();
}

Status set_openpgp(Settings& settings, const std::string& text) {
  const auto named = kEngines.find(text);
  if (!named) return refuse("rnp, gpgme or both");
  settings.openpgp = *named;
  return ok();
}

Status set_log_format(Settings& settings, const std::string& text) {
  const auto named = kLogFormats.find(text);
  if (!named) return refuse("text or json");
  settings.log_format = *named;
  return ok();
}

Status set_instance(Settings& settings, const std::string& text) {
  const bool fits = !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) return refuse("1 to 32 characters of a-z, 0-9 and -");
  if (text == "cli") return refuse("cli is the name that commands write under");
  settings.instance = text;
  return ok();
}

Status set_listen(Settings& settings, const std::string& text) {
  settings.listen = TRY(transport::http::parse_listen_address(text));
  return ok();
}

std::string get_listen(const Settings& settings) {
  return settings.listen.text();
}

Status set_metrics_listen(Settings& settings, const std::string& text) {
  settings.metrics_listen.reset();
  if (!text.empty()) settings.metrics_listen = TRY(transport::http::parse_listen_address(text));
  return ok();
}

std::string get_metrics_listen(const Settings& settings) {
  return settings.metrics_listen ? settings.metrics_listen->text() : std::string();
}

Status set_trusted_proxies(Settings& settings, const std::string& text) {
  std::vector<std::string> networks = split_at_commas(text);
  if (networks.size() > 64) return refuse("at most 64 networks");
  for (const std::string& network : networks) {
    TRY(transport::http::parse_network(network));
  }
  settings.trusted_proxies = std::move(networks);
  return ok();
}

std::string get_trusted_proxies(const Settings& settings) {
  std::string out;
  for (const std::string& network : settings.trusted_proxies) out += (out.empty() ? "" : ",") + network;
  return out;
}

Status set_forwarded_header(Settings& settings, const std::string& text) {
  const auto named = kForwardedHeaders.find(text);
  if (!named) return refuse("x-forwarded-for or forwarded");
  settings.forwarded_header = *named;
  return ok();
}

// Whether the server is in it is judged with the server's name, by parse_site().
Status set_cookie_domain(Settings& settings, const std::string& text) {
  settings.cookie_domain = text;
  return ok();
}

Status set_switch(bool& value, const std::string& text) {
  if (text != "on" && text != "off") return refuse("on or off");
  value = text == "on";
  return ok();
}

std::string text_of_switch(bool value) {
  return value ? "on" : "off";
}

Result<std::uint32_t> number_between(const std::string& text, std::uint32_t least, std::uint32_t most) {
  const auto value = whole_number<std::uint32_t>(text);
  if (!value || *value < least || *value > most) return refuse(fmt::format("from {} to {}, not {}", least, most, text));
  return *value;
}

constexpr std::uint32_t kKibPerMib = 1024;

// A row whose value is a whole number in a range; `unit` is what one of it is in the member.
#define NUMBER(key, reason, member, unit, least, most)                                             \
  SettingRow {                                                                                     \
    key, reason, SettingForm::number,                                                              \
        [](Settings& settings, const std::string& text) -> Status {                                \
          settings.member = TRY(number_between(text, (least) / (unit), (most) / (unit))) * (unit); \
          return ok();                                                                             \
        },                                                                                         \
        [](const Settings& settings) { return fmt::format("{}", settings.member / (unit)); }       \
  }

// A row that is on or off.
#define SWITCH(key, reason, member)                                                                              \
  SettingRow {                                                                                                   \
    key, reason, SettingForm::text,                                                                              \
        [](Settings& settings, const std::string& text) -> Status { return set_switch(settings.member, text); }, \
        [](const Settings& settings) { return text_of_switch(settings.member); }                                 \
  }

// A row whose value is a duration in a range.
#define DURATION(key, reason, member, least, most)                                \
  SettingRow {                                                                    \
    key, reason, SettingForm::text,                                               \
        [](Settings& settings, const std::string& text) -> Status {               \
          settings.member = TRY(duration_between(text, least, most));             \
          return ok();                                                            \
        },                                                                        \
        [](const Settings& settings) { return format_duration(settings.member); } \
  }

const SettingRow kTable[] = {
    {"server", "The server's name, as statements carry it and users know it; init fixed it.", SettingForm::text,
     set_server, [](const Settings& settings) { return settings.server; }},
    {"fingerprint", "Of the server's certificate; the server does not start with another one.", SettingForm::text,
     set_fingerprint, get_fingerprint},
    {"server_key_home", "The GnuPG home that holds the server's secret key; without it that is secrets/server.key.",
     SettingForm::text, set_server_key_home, [](const Settings& settings) { return settings.server_key_home; }},
    {"storage", "sqlite or directory; init makes it, changing it here moves nothing.", SettingForm::text, set_storage,
     [](const Settings& settings) { return std::string(name_of(settings.storage)); }, true},
    {"registration", "closed: administrators only; invite: who has an invite may enrol; open: anybody.",
     SettingForm::text, set_registration,
     [](const Settings& settings) { return std::string(auth::kRegistrations.of(settings.registration)); }},
    {"openpgp", "The OpenPGP engine: rnp, gpgme (GnuPG, in processes of its own), or both, which have to agree.",
     SettingForm::text, set_openpgp, [](const Settings& settings) { return std::string(name_of(settings.openpgp)); }},
    {"instance", "The writer of this server's audit record; each server on one storage needs its own.",
     SettingForm::text, set_instance, [](const Settings& settings) { return settings.instance; }, true},
    {"listen", "HOST:PORT of the HTTP server.", SettingForm::text, set_listen, get_listen, true},
    {"metrics_listen", "HOST:PORT at which Prometheus reads /metrics, such as 127.0.0.1:9420; empty: nowhere.",
     SettingForm::text, set_metrics_listen, get_metrics_listen, true},
    {"trusted_proxies", "Networks of proxies, whose word counts on whom a request is from.", SettingForm::list,
     set_trusted_proxies, get_trusted_proxies},
    {"forwarded_header", "x-forwarded-for or forwarded: where they say it. The other is a stranger's.",
     SettingForm::text, set_forwarded_header,
     [](const Settings& settings) { return std::string(kForwardedHeaders.of(settings.forwarded_header)); }},
    SWITCH("pages", "on or off: pages at which people log in with a browser; server is then a URL.", pages),
    {"cookie_domain", "A domain that the server is in, such as example.org: its https applications share the login.",
     SettingForm::text, set_cookie_domain, [](const Settings& settings) { return settings.cookie_domain; }},
    SWITCH("password_login", "on or off: the pages take a password as well, of accounts that have one.",
           password_login),
    NUMBER("connections_max", "Connections at once; fewer where the system gives fewer descriptors.", connections_max,
           1u, 16u, 1'000'000u),
    NUMBER("connections_per_address_max",
           "Connections at once from one address, or one IPv6 /64; trusted_proxies are exempt.",
           connections_per_address_max, 1u, 1u, 1'000'000u),
    SWITCH("rate_limit", "on or off; off for benchmarks and behind another limiter.", rate_limit),
    {"log_format", "text, or json: a JSON object a line.", SettingForm::text, set_log_format,
     [](const Settings& settings) { return std::string(kLogFormats.of(settings.log_format)); }},
    DURATION("challenge.http_lifetime", "How long a challenge that travels by HTTP is good.", challenge_http_lifetime,
             Seconds{10}, kHour),
    DURATION("challenge.courier_lifetime", "How long a challenge on a stick is good.", challenge_courier_lifetime,
             kHour, auth::records::kChallengeLifetimeMax),
    DURATION("signature.http_window", "How far before and after now a signature by HTTP may be dated.",
             signature_http_window, Seconds{10}, kHour),
    DURATION("signature.courier_before_issue", "How far before its challenge a courier's signature may be dated.",
             signature_courier_before_issue, Seconds{0}, 30 * kDay),
    DURATION("signature.courier_after_now", "How far after now a courier's signature may be dated.",
             signature_courier_after_now, Seconds{0}, 30 * kDay),
    DURATION("session.idle_limit", "A session that is not used for so long ends.", session_idle_limit, kMinute,
             30 * kDay),
    DURATION("session.absolute_limit", "A session ends after so long, used or not.", session_absolute_limit, kMinute,
             365 * kDay),
    NUMBER("password.memory_mib", "MiB of memory that one password hash takes.", password.parameters.memory_kib,
           kKibPerMib, auth::passwords::kMemoryKibMin, auth::passwords::kMemoryKibMax),
    NUMBER("password.passes", "How often a password hash walks through its memory.", password.parameters.passes, 1u,
           auth::passwords::kPassesMin, auth::passwords::kPassesMax),
    NUMBER("password.lanes", "The lanes of a password hash.", password.parameters.lanes, 1u, auth::passwords::kLanesMin,
           auth::passwords::kLanesMax),
    SWITCH("password.pepper", "on or off; on: hashes are worth nothing without the secrets, and lost with them.",
           password.pepper),
    NUMBER("cache.records_mib", "MiB of verified records that session checks are answered from; 0: none are kept.",
           record_cache_mib, 1u, 0u, 65'536u),
    NUMBER("limits.requests", "Challenges, responses, refreshes and bad tokens that one source may send at once.",
           limit_requests, 1u, 10u, 1'000'000u),
    NUMBER("limits.requests_per_second", "How many more of them it may send, each second.", limit_requests_per_second,
           1u, 1u, 100'000u),
    NUMBER("limits.passwords_per_source", "Passwords that one source may try at once.", limit_passwords_per_source, 1u,
           1u, 100'000u),
    NUMBER("limits.passwords_per_source_per_minute", "How many more it may try, each minute.",
           limit_passwords_per_source_per_minute, 1u, 1u, 100'000u),
    NUMBER("limits.passwords_per_account", "Passwords that may be tried at once for one account.",
           limit_passwords_per_account, 1u, 1u, 1'000u),
    NUMBER("limits.passwords_per_account_per_minute", "How many more may be tried for it, each minute.",
           limit_passwords_per_account_per_minute, 1u, 1u, 1'000u),
    DURATION("health.backup_age", "A last backup that is so old is warned of; 0s: never.", health_backup_age,
             Seconds{0}, 3650 * kDay),
    DURATION("health.secret_age", "A seal or record key that is used for so long is warned of; 0s: never.",
             health_secret_age, Seconds{0}, 3650 * kDay),
    NUMBER("health.disk_free_mib", "Less MiB than these left on the disk of the store are warned of; 0: never.",
           health_disk_free_mib, 1u, 0u, 1'000'000u),
};

#undef DURATION
#undef NUMBER
#undef SWITCH

}  // namespace

std::span<const SettingRow> setting_table() {
  return kTable;
}

const SettingRow* find_setting(std::string_view key) {
  const auto table = setting_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const SettingRow& row) { return row.key == key; });
  return found == table.end() ? nullptr : &*found;
}

std::string variable_of(const SettingRow& row) {
  std::string out = "COUNTERSIGN_";
  for (const char c : row.key) {
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

std::string in_toml(SettingForm form, std::string_view value) {
  switch (form) {
    case SettingForm::text:
      return fmt::format("\"{}\"", value);
    case SettingForm::number:
      return std::string(value);
    case SettingForm::list:
      return list_in_toml(value);
  }
  return {};
}

Result<Seconds> parse_duration(std::string_view text) {
  constexpr std::string_view kForm = "a duration is a whole number with a unit: 90s, 5m, 12h, 7d";
  if (text.size() < 2 || text.size() > 10) return refuse(std::string(kForm));
  Seconds unit{0};
  switch (text.back()) {
    case 's':
      unit = Seconds{1};
      break;
    case 'm':
      unit = kMinute;
      break;
    case 'h':
      unit = kHour;
      break;
    case 'd':
      unit = kDay;
      break;
    default:
      return refuse(std::string(kForm));
  }
  // Nine digits of days are far inside 64 bits of seconds.
  const auto count = whole_number<std::int64_t>(text.substr(0, text.size() - 1));
  if (!count) return refuse(std::string(kForm));
  return unit * *count;
}

std::string format_duration(Seconds duration) {
  const auto count = duration.count();
  if (count != 0 && count % kDay.count() == 0) return fmt::format("{}d", count / kDay.count());
  if (count != 0 && count % kHour.count() == 0) return fmt::format("{}h", count / kHour.count());
  if (count != 0 && count % kMinute.count() == 0) return fmt::format("{}m", count / kMinute.count());
  return fmt::format("{}s", count);
}

Status check_server_name(std::string_view name) {
  const Status checked = auth::records::ServerIdentity::check_name(name);
  return checked ? ok() : Status(refuse(checked.error().detail));
}

std::string_view name_of(StorageKind kind) {
  return kStorageKinds.of(kind);
}

std::string_view name_of(OpenPgpEngine engine) {
  return kEngines.of(engine);
}

}  // namespace countersign::cli
