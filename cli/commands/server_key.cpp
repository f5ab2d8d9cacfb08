// Administration of the server's own key.
#include "cli/commands/all.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

// Exactly one of the three.
struct ServerKeyExtendOptions {
  std::string lifetime;  // from now: 90d, 26w, 2y
  std::string until;     // 2028-11-21, or with a time
  bool never = false;

  Arguments arguments() {
    return {
        {"--for", &lifetime, "From now: 90d, 26w, 2y"},
        Argument("--until", &until, "A date: 2028-11-21").excludes("--for"),
        Argument("--never", &never, "It never ends").excludes("--for").excludes("--until"),
    };
  }
};

struct ServerKeyReplaceOptions {
  std::string overlap;  // 90d; empty: the default
  bool without_succession = false;
  bool yes = false;  // do not ask

  Arguments arguments() {
    return {
        {"--overlap", &overlap, "How long clients are led to it (90d), a year at most"},
        Argument("--without-succession", &without_succession,
                 "Nobody is led to it: the present key is lost or in other hands")
            .excludes("--overlap"),
        yes_argument(&yes),
    };
  }
};

struct Unit {
  char letter;
  std::int64_t days;
  bool operator==(char other) const { return letter == other; }
};
constexpr Unit kUnits[] = {{'d', 1}, {'w', 7}, {'y', 365}};
constexpr std::int64_t kDaysMax = std::int64_t{100} * 365;

// These commands open a store whose key has expired or is not to be found: they are what mends it.
Result<Json> ask_mending(CommandContext& context, std::string_view operation, Json fields) {
  const Settings settings = TRY(context.settings());
  const auto store = TRY(Store::open(TRY(context.data_folder()), settings, kCommandWriter, OpenedFor::mending_key));
  return ask_store(*store, operation, std::move(fields), "");
}

// "90d", "26w", "2y": a year is 365 days. Minutes and months would share a letter, so there is neither. usage.
Result<Seconds> parse_lifetime(std::string_view text) {
  const auto refuse = fail(ErrorCode::usage, "a lifetime is a whole number of days, weeks or years: 90d, 26w, 2y");
  if (text.size() < 2) return refuse;
  const auto unit = std::find(std::begin(kUnits), std::end(kUnits), text.back());
  if (unit == std::end(kUnits)) return refuse;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument) return refuse;
  if (parsed.ec == std::errc::result_out_of_range || count > kDaysMax / unit->days) {
    return fail(ErrorCode::usage, "a lifetime is 100 years at most");
  }
  if (count < 1) return refuse;
  return std::chrono::days(count * unit->days);
}

// "2028-11-21" (its first second, UTC) or "2028-11-21T12:00:00Z". usage.
Result<Instant> parse_date(std::string_view text) {
  const auto instant = parse_time(text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (!instant) return fail(ErrorCode::usage, "a date is written 2028-11-21 or 2028-11-21T12:00:00Z");
  return *instant;
}

void answer_key(CommandContext& context, Json answer) {
  if (!context.terminal.json()) {
    answer.set("keys", with_first(*answer.find("keys"), {"part", "fingerprint", "expires_at", "revoked"}));
  }
  context.terminal.answer(answer);
}

Status run_server_key_show(CommandContext& context) {
  answer_key(context, TRY(ask_mending(context, "server_key.show", Json::object())));
  return ok();
}

Status run_server_key_extend(const ServerKeyExtendOptions& options, CommandContext& context) {
  const int said = (options.lifetime.empty() ? 0 : 1) + (options.until.empty() ? 0 : 1) + (options.never ? 1 : 0);
  if (said != 1) return fail(ErrorCode::usage, "say until when with one of --for, --until and --never");
  Json fields = Json::object();
  if (options.never) fields.set("never", true);
  if (!options.until.empty()) fields.set("expires_at", format_time(TRY(parse_date(options.until))));
  if (!options.lifetime.empty()) {
    const Seconds lifetime = TRY(parse_lifetime(options.lifetime));
    fields.set("expires_at", format_time(auth::SystemClock().now() + lifetime));
  }
  answer_key(context, TRY(ask_mending(context, "server_key.extend", std::move(fields))));
  context.terminal.say(
      "The fingerprint is as it was: nobody has to do anything, and a running server takes the new certificate over.");
  return ok();
}

Status run_server_key_refresh(CommandContext& context) {
  answer_key(context, TRY(ask_mending(context, "server_key.refresh", Json::object())));
  return ok();
}

Status run_server_key_replace(const ServerKeyReplaceOptions& options, CommandContext& context) {
  Json fields = Json::object();
  if (options.without_succession) fields.set("without_succession", true);
  if (!options.overlap.empty()) fields.set("overlap_seconds", TRY(parse_lifetime(options.overlap)).count());
  if (!options.yes) {
    const std::string what =
        options.without_succession
            ? "The server gets a new key. Nobody who knows the present fingerprint can log in with `countersign` "
              "until they were told the new one. Its secret is destroyed. Go on?"
            : "The server gets a new key. Clients follow from the present one until the overlap ends; its secret is "
              "destroyed. Go on?";
    TRY(context.terminal.confirm(what, "--yes"));
  }
  const Json answer = TRY(ask_mending(context, "server_key.replace", std::move(fields)));
  answer_key(context, answer);
  const std::string fingerprint = *answer.find("fingerprint")->string();
  context.terminal.say("Tell your users the new fingerprint; who knows the former one " +
                       std::string(options.without_succession ? "has to be told" : "is led to it meanwhile") + ":\n  " +
                       fingerprint + "\nAnd write it into " + std::string(kSettingsFile) +
                       " in the place of the former one:\n  fingerprint = \"" + fingerprint + "\"");
  return ok();
}

}  // namespace

Command server_key_command() {
  return group("server-key", "The server's own key",
               {
                   command("show", "Show the key, when it ends, and where its secret lives",
                           "countersign server-key show", run_server_key_show),
                   command("extend", "Let the key and its subkeys end later; its fingerprint stays",
                           "countersign server-key extend --for 2y", run_server_key_extend),
                   command("refresh", "Take over what GnuPG made of a key in a GnuPG home",
                           "countersign server-key refresh", run_server_key_refresh),
                   command("replace", "Make a new key, which the present one signs for",
                           "countersign server-key replace", run_server_key_replace),
               });
}

}  // namespace countersign::cli::commands
