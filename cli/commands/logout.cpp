// Ends the session that a token opens.
#include "cli/commands/all.hpp"

#include "cli/asked_server.hpp"
#include "cli/session_token.hpp"

namespace countersign::cli::commands {
namespace {

struct LogoutOptions {
  ServerUrl server;
  TokenSource token;

  Arguments arguments() { return joined(server.arguments(), token.arguments()); }
};

using transport::http::HttpClient;
using transport::http::HttpReply;

Status run_logout(const LogoutOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  const Secret token = TRY(options.token.read(context, url));
  HttpClient client = TRY(HttpClient::open(url));
  const HttpReply reply = TRY(client.remove("/v1/session", token));
  // What opens nothing any more is not kept either.
  if (reply.status == 204 || reply.status == 401) TRY(options.token.forget(context, url));
  TRY(check_session_reply(reply, 204, url));
  context.terminal.answer(Json::object().set("status", "ended"));
  return ok();
}

}  // namespace

Command logout_command() {
  return command("logout", "End one's session at a server; a token that was kept is forgotten",
                 "countersign logout https://auth.example.org\n"
                 "  countersign logout https://auth.example.org --token-file - < token",
                 run_logout);
}

}  // namespace countersign::cli::commands
