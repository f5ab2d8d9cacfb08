// Whose session a token is.
#include "cli/commands/all.hpp"

#include "cli/asked_server.hpp"
#include "cli/session_token.hpp"

namespace countersign::cli::commands {
namespace {

struct WhoamiOptions {
  ServerUrl server;
  TokenSource token;

  Arguments arguments() { return joined(server.arguments(), token.arguments()); }
};

using transport::http::HttpClient;
using transport::http::HttpReply;

Status run_whoami(const WhoamiOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  const Secret token = TRY(options.token.read(context, url));
  HttpClient client = TRY(HttpClient::open(url));
  const HttpReply reply = TRY(client.get("/v1/session", token));
  TRY(check_session_reply(reply, 200, url));
  context.terminal.answer(TRY(json_of(reply)));
  return ok();
}

}  // namespace

Command whoami_command() {
  return command("whoami", "Whose session one has at a server, and how long it lasts",
                 "countersign whoami https://auth.example.org\n"
                 "  countersign whoami https://auth.example.org --token-file token",
                 run_whoami);
}

}  // namespace countersign::cli::commands
