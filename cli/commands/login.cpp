// Challenge, response and session in one; prints the token once, or keeps it.
#include "cli/commands/all.hpp"

#include "auth/base/account_id.hpp"
#include "cli/asked_server.hpp"
#include "cli/logging_in.hpp"
#include "cli/session_token.hpp"

namespace countersign::cli::commands {
namespace {

struct LoginOptions {
  ServerUrl server;
  std::string user;
  bool save = false;  // the token, for whoami and logout
  ExpectedServer expected_server;

  Arguments arguments() {
    return joined(server.arguments(),
                  {Argument("--user", &user, "A username or an account id").required(),
                   {"--save", &save, "Keep the token for whoami and logout, and print none"}},
                  expected_server.arguments());
  }
};

using auth::client::ServerExpectation;
using transport::http::HttpClient;

// The token alone on stdout, so that a script takes it as it is; the rest is talk.
void print_session(Terminal& terminal, Json session) {
  if (terminal.json()) return terminal.answer(session);
  terminal.data(*session.find("token")->string() + "\n");
  session.erase("token");
  terminal.recite(text_of_answer(session));
}

Status run_login(const LoginOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  TRY(auth::check_account_id(options.user) ? ok() : auth::check_username(options.user));
  // Before anything is signed: a session whose token is lost is open for nobody.
  const auto file = options.save ? saved_token_file(context.environment, url) : std::filesystem::path();
  if (!file) return tl::unexpected<Error>(file.error());
  if (options.save) TRY(make_token_folder(*file));
  const auto side = TRY(ClientSide::open(context));
  HttpClient client = TRY(HttpClient::open(url));
  const ServerExpectation expected = TRY(expected_at(client, *side, url, options.expected_server));
  Json session = TRY(log_in_at(client, *side, expected, options.user, context.terminal));
  if (options.save) {
    context.terminal.answer(TRY(keep_session(*file, std::move(session))));
  } else {
    print_session(context.terminal, std::move(session));
  }
  return ok();
}

}  // namespace

Command login_command() {
  return command("login", "Log in to a server; prints the token once, or keeps it",
                 "countersign login https://auth.example.org --user alice\n"
                 "  countersign login https://auth.example.org --user alice --save",
                 run_login);
}

}  // namespace countersign::cli::commands
