#include "tests/bench/load/options.hpp"

#include <getopt.h>

#include <charconv>
#include <stdexcept>
#include <string_view>

#include "storage/base/text.hpp"

namespace countersign::bench {
namespace {

constexpr std::int64_t kConnectionsMax = 1000;
constexpr std::int64_t kAccountsMax = 100'000;

double positive_number(std::string_view option, std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number > 0) || number > 1e6) {
    throw std::invalid_argument(std::string(option) + " takes a number above 0: " + std::string(text));
  }
  return number;
}

std::int64_t whole_number(std::string_view option, std::string_view text, std::int64_t max) {
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > max) {
    throw std::invalid_argument(std::string(option) + " takes 1 to " + std::to_string(max) + ": " + std::string(text));
  }
  return *number;
}

}  // namespace

Options options_of(int argc, char** argv) {
  enum : int { kMix = 1, kConnections, kAccounts, kSeconds, kWarmUp, kRate, kPath, kPid, kJson, kHelp };
  constexpr option kOptions[] = {{"mix", required_argument, nullptr, kMix},
                                 {"connections", required_argument, nullptr, kConnections},
                                 {"accounts", required_argument, nullptr, kAccounts},
                                 {"seconds", required_argument, nullptr, kSeconds},
                                 {"warm-up", required_argument, nullptr, kWarmUp},
                                 {"rate", required_argument, nullptr, kRate},
                                 {"path", required_argument, nullptr, kPath},
                                 {"pid", required_argument, nullptr, kPid},
                                 {"json", no_argument, nullptr, kJson},
                                 {"help", no_argument, nullptr, kHelp},
                                 {nullptr, 0, nullptr, 0}};
  Options options;
  LoadSettings& load = options.load;
  opterr = 0;
  for (int found = 0; (found = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (found) {
      case kMix:
        load.mix = Mix(optarg);
        break;
      case kConnections:
        load.connections = static_cast<std::size_t>(whole_number("--connections", optarg, kConnectionsMax));
        break;
      case kAccounts:
        load.accounts = static_cast<std::size_t>(whole_number("--accounts", optarg, kAccountsMax));
        break;
      case kSeconds:
        load.time = std::chrono::duration<double>(positive_number("--seconds", optarg));
        break;
      case kWarmUp:
        load.warm_up = std::chrono::duration<double>(positive_number("--warm-up", optarg));
        break;
      case kRate:
        load.rate = positive_number("--rate", optarg);
        break;
      case kPath:
        load.path = optarg;
        break;
      case kPid:
        load.process = static_cast<pid_t>(whole_number("--pid", optarg, 1 << 22));
        break;
      case kJson:
        options.json = true;
        break;
      case kHelp:
        options.help = true;
        return options;
      default:
        throw std::invalid_argument(std::string("no such option, or without its value: ") + argv[optind - 1]);
    }
  }
  if (optind + 1 != argc) throw std::invalid_argument("one argument is needed, the server's address");
  load.url = argv[optind];
  if (!load.path.starts_with('/')) throw std::invalid_argument("--path begins with a slash");
  return options;
}

std::string help_text() {
  return R"(countersign_load http://HOST[:PORT] [options]

Real clients against a running server. Each has a connection, and accounts
and keys of its own: it enrols at the start, so registration has to be open
and limits off. It starts nothing, and ends with 1 where an operation fails.

  --mix KIND[=WEIGHT],...  what the clients do, at random by weight (check)
       check      GET /v1/session with a token
       authz      GET /v1/authz with a token
       challenge  POST /v1/challenge, unanswered
       login      a challenge, opened, clear-signed and redeemed
       password   POST /v1/session with a password
       refresh    POST /v1/session/refresh
       get        GET --path; needs no account
  --connections N          clients at once (4)
  --accounts N             of each client, used in turn (1)
  --seconds S              how long it is measured (5)
  --warm-up S              and how long before that it is not (1)
  --rate R                 operations a second in all, due at fixed times. A
                           time then counts from when an operation was due.
                           Without it, each client asks again once answered.
  --path PATH              what `get` asks for (/healthz)
  --pid P                  the server's process on this machine: its processor
                           time and memory are read from /proc
  --json                   one line, for programs
  --help

Example:
  countersign serve --rate-limit off --listen 127.0.0.1:8420 &
  countersign_load http://127.0.0.1:8420 --mix check=90,login=5,password=5 \
    --connections 8 --seconds 10 --pid $!
)";
}

}  // namespace countersign::bench
