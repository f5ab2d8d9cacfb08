// The client's known servers.
#include "cli/commands/all.hpp"

#include "auth/client/known_servers.hpp"
#include "cli/known_servers_file.hpp"

namespace countersign::cli::commands {
namespace {

struct ServerTrustOptions {
  std::string name;
  std::string fingerprint;
  std::string url;

  Arguments arguments() {
    return {
        Argument("NAME", &name, "The server's name").required(),
        Argument("FINGERPRINT", &fingerprint, "Of its key, 40 hex digits").required(),
        {"--url", &url, "Where it answers, if its name is not its URL"},
    };
  }
};

struct ServerForgetOptions {
  std::string name;

  Arguments arguments() {
    return {
        Argument("NAME", &name, "The server's name").required(),
    };
  }
};

using auth::Fingerprint;
using auth::client::KnownServer;
using auth::client::KnownServers;

Status run_server_list(CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  const KnownServers servers = TRY(KnownServers::load(file));
  Json list = Json::array();
  for (const KnownServer& server : servers.all()) {
    list.push(Json::object().set("server", server.name).set("fingerprint", server.key.upper()).set("url", server.url));
  }
  if (servers.all().empty()) context.terminal.say("No server is known yet: countersign server trust NAME FINGERPRINT");
  context.terminal.answer(Json::object().set("servers", std::move(list)));
  return ok();
}

Status run_server_trust(const ServerTrustOptions& options, CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  const Fingerprint key = TRY(parse_typed_fingerprint(options.fingerprint));
  TRY(auth::client::trust_server(file, KnownServer{options.name, key, options.url}));
  context.terminal.answer(
      Json::object().set("server", options.name).set("fingerprint", key.upper()).set("url", options.url));
  return ok();
}

Status run_server_forget(const ServerForgetOptions& options, CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  TRY(auth::client::forget_server(file, options.name));
  context.terminal.answer(Json::object().set("server", options.name));
  return ok();
}

}  // namespace

Command server_command() {
  return group("server", "The servers one knows",
               {
                   command("list", "List the known servers", "countersign server list", run_server_list),
                   command("trust", "Know a server by a fingerprint that was learned from someone one trusts",
                           "countersign server trust https://auth.example.org 102D44058634D44D92867BC1950DD5666EB335D4",
                           run_server_trust),
                   command("forget", "Forget a server", "countersign server forget NAME", run_server_forget),
               });
}

}  // namespace countersign::cli::commands
