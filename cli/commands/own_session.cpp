// What one does with one's own session at a server: see whose it is, and end it.
#include "cli/commands/all.hpp"

#include "cli/asked_server.hpp"
#include "cli/session_token.hpp"

namespace countersign::cli::commands {
namespace {

using transport::http::HttpClient;
using transport::http::HttpReply;

struct OwnSessionOptions {
  ServerUrl server;
  TokenSource token;

  Arguments arguments() { return joined(server.arguments(), token.arguments()); }
};

struct OwnSession {
  std::string url;  // in its one spelling
  Secret token;
  HttpClient client;
};

Result<OwnSession> find_own(const OwnSessionOptions& options, CommandContext& context) {
  std::string url = TRY(options.server.checked());
  Secret token = TRY(options.token.read(context, url));
  HttpClient client = TRY(HttpClient::open(url));
  return OwnSession{std::move(url), std::move(token), std::move(client)};
}

Status run_whoami(const OwnSessionOptions& options, CommandContext& context) {
  OwnSession own = TRY(find_own(options, context));
  const HttpReply reply = TRY(own.client.get("/v1/session", own.token));
  TRY(check_session_reply(reply, 200, own.url));
  context.terminal.answer(TRY(json_of(reply)));
  return ok();
}

Status run_logout(const OwnSessionOptions& options, CommandContext& context) {
  OwnSession own = TRY(find_own(options, context));
  const HttpReply reply = TRY(own.client.remove("/v1/session", own.token));
  // What opens nothing any more is not kept either.
  if (reply.status == 204 || is_refused_token(reply)) TRY(options.token.forget(context, own.url));
  TRY(check_session_reply(reply, 204, own.url));
  context.terminal.answer(Json::object().set("status", "ended"));
  return ok();
}

}  // namespace

Command whoami_command() {
  return command("whoami", "Whose session one has at a server, and how long it lasts",
                 "countersign whoami https://auth.example.org\n"
                 "  countersign whoami https://auth.example.org --token-file token",
                 run_whoami);
}

Command logout_command() {
  return command("logout", "End one's session at a server; a token that was kept is forgotten",
                 "countersign logout https://auth.example.org\n"
                 "  countersign logout https://auth.example.org --token-file - < token",
                 run_logout);
}

}  // namespace countersign::cli::commands
