// Challenge, response and session in one; prints the token once, or keeps it.
#include "cli/commands/all.hpp"

#include "auth/base/account_id.hpp"
#include "cli/asked_server.hpp"
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

using auth::client::CheckedStatement;
using auth::client::ServerExpectation;
using transport::http::HttpClient;
using transport::http::HttpReply;

// The token alone on stdout, so that a script takes it as it is; the rest is talk.
void print_session(Terminal& terminal, Json session) {
  if (terminal.json()) return terminal.answer(session);
  terminal.data(*session.find("token")->string() + "\n");
  session.erase("token");
  terminal.recite(text_of_answer(session));
}

Status save_session(const std::filesystem::path& file, Terminal& terminal, Json session) {
  std::string token = *session.find("token")->string();
  session.erase("token");
  TRY(save_token(file, Secret::take(token)));
  terminal.answer(std::move(session.set("saved", file.string())));
  return ok();
}

Status run_login(const LoginOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  const bool is_id = auth::check_account_id(options.user).has_value();
  TRY(is_id ? ok() : auth::check_username(options.user));
  // Before anything is signed: a session whose token is lost is open for nobody.
  const auto file = options.save ? saved_token_file(context.environment, url) : std::filesystem::path();
  if (!file) return tl::unexpected<Error>(file.error());
  const auto side = TRY(ClientSide::open(context));
  HttpClient client = TRY(HttpClient::open(url));
  const ServerExpectation expected = TRY(expected_at(client, *side, url, options.expected_server));
  const Json request =
      Json::object().set(is_id ? "account" : "username", options.user).set("purpose", "login").set("transport", "http");
  const std::string challenge = TRY(fetch_challenge(client, request));
  const auto opened = side->open_challenge(challenge, expected, auth::records::Purpose::login);
  const CheckedStatement checked = TRY(explained(opened, options.user));
  TRY(check_challenge(checked, options.user));
  show_statement(context.terminal, checked);
  const std::string response = TRY(side->sign(checked));
  HttpReply reply = TRY(client.post("/v1/session", kTextType, response));
  TRY(check_reply(reply, 201, "answering the challenge"));
  Json session = TRY(json_of(reply));
  wipe(reply.body);
  const Json* token = session.find("token");
  if (token == nullptr || token->string() == nullptr) {
    return fail(ErrorCode::malformed_message, "the server answered without a token");
  }
  if (options.save) return save_session(*file, context.terminal, std::move(session));
  print_session(context.terminal, std::move(session));
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
