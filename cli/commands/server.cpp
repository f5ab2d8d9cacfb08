#include "cli/commands/server.hpp"

#include "auth/client/known_servers.hpp"
#include "cli/known_servers_file.hpp"

namespace countersign::cli {

using auth::Fingerprint;
using auth::client::KnownServer;
using auth::client::KnownServers;

Status run_server_list(const ServerListOptions&, CommandContext& context) {
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

}  // namespace countersign::cli
