// Registration where it is open: a challenge to the user's key, signed by it, and the certificate with it.
#include "cli/commands/all.hpp"

#include "auth/base/account_id.hpp"
#include "cli/enrolling.hpp"

namespace countersign::cli::commands {
namespace {

struct EnrolOptions {
  ServerUrl server;
  std::string user;
  std::string key;
  ExpectedServer expected_server;

  Arguments arguments() {
    return joined(server.arguments(),
                  {Argument("--user", &user, "The username that one wants").required(),
                   {"--key", &key, "The fingerprint of one's key; else the only one in one's GnuPG"}},
                  expected_server.arguments());
  }
};

using transport::http::HttpClient;

Status run_enrol(const EnrolOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  TRY(auth::check_username(options.user));
  const auth::Fingerprint key = TRY(own_key(options.key, context.environment));
  const auto side = TRY(ClientSide::open(context));
  HttpClient client = TRY(HttpClient::open(url));
  const auto expected = TRY(expected_at(client, *side, url, options.expected_server));
  context.terminal.answer(TRY(enrol_at(client, *side, expected, {options.user, key}, context.terminal)));
  return ok();
}

}  // namespace

Command enrol_command() {
  return command("enrol", "Register with one's own key, where a server's registration is open",
                 "countersign enrol https://auth.example.org --user alice\n"
                 "  countersign enrol https://auth.example.org --user alice --key "
                 "7E83D657744F8AD2656B40035C27A52981F1F86B",
                 run_enrol);
}

}  // namespace countersign::cli::commands
