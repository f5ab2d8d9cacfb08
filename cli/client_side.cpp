#include "cli/client_side.hpp"

#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/responding/gpgme_user_keys.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/pinentry.hpp"

namespace countersign::cli {

using auth::responding::KnownServers;
using auth::responding::ServerExpectation;

Result<std::unique_ptr<ClientSide>> ClientSide::open(const CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  KnownServers known = TRY(KnownServers::load(file));
  tell_pinentry_the_terminal();
  auto engine = TRY(auth::openpgp::RnpOpenPgp::open(Secret{}));
  auto keys = TRY(auth::responding::GpgmeUserKeys::open_home(context.environment.find("GNUPGHOME").value_or("")));
  return std::unique_ptr<ClientSide>(new ClientSide(std::move(known), std::move(engine), std::move(keys)));
}

ClientSide::ClientSide(KnownServers known, std::unique_ptr<auth::openpgp::OpenPgp> engine,
                       std::unique_ptr<auth::responding::UserKeys> keys)
    : known_(std::move(known)),
      engine_(std::move(engine)),
      keys_(std::move(keys)),
      responder_(*engine_, *keys_, clock_) {}

Result<ServerExpectation> ClientSide::expect(const std::string& server, const std::string& server_key) const {
  ServerExpectation expected{known_, std::nullopt, std::nullopt};
  if (server.empty()) return expected;
  expected.name = server;
  if (!server_key.empty()) {
    expected.key = TRY(parse_typed_fingerprint(server_key));
  } else if (known_.find(server) == nullptr) {
    return fail(ErrorCode::server_unknown, server +
                                               "; pass its fingerprint with --server-key, or trust it first: "
                                               "countersign server trust NAME FINGERPRINT");
  }
  return expected;
}

Result<auth::Purpose> purpose_of(const std::string& option) {
  if (option.empty()) return auth::Purpose::login;
  const auto purpose = auth::purpose_named(option);
  if (!purpose) return fail(ErrorCode::usage, "--purpose is login, enrol, rotate, revoke or password");
  return *purpose;
}

void show_statement(Terminal& terminal, const auth::responding::CheckedStatement& checked) {
  terminal.say("You sign this statement for " + checked.statement().server + ":\n");
  terminal.say(checked.text());
}

}  // namespace countersign::cli
