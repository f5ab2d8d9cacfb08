#include "cli/client_side.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <array>

#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/responding/gpgme_user_keys.hpp"
#include "cli/known_servers_file.hpp"

namespace countersign::cli {

using auth::responding::KnownServers;
using auth::responding::ServerExpectation;

namespace {

// In a pipe the agent's pinentry does not find the terminal by itself; GnuPG's manual asks for this variable.
void tell_pinentry_the_terminal(const Environment& environment) {
  if (environment.find("GPG_TTY")) return;
  std::array<char, 256> name{};
  for (const int stream : {STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO}) {
    if (::ttyname_r(stream, name.data(), name.size()) != 0) continue;
    ::setenv("GPG_TTY", name.data(), 0);
    return;
  }
}

}  // namespace

Result<std::unique_ptr<ClientSide>> ClientSide::open(const CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  KnownServers known = TRY(KnownServers::load(file));
  tell_pinentry_the_terminal(context.environment);
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

Result<std::optional<auth::openpgp::Fingerprint>> new_key_of(auth::Purpose purpose, const std::string& option) {
  using Key = std::optional<auth::openpgp::Fingerprint>;
  const bool rotates = purpose == auth::Purpose::rotate;
  if (option.empty() != rotates) return rotates ? Key(TRY(parse_typed_fingerprint(option))) : Key();
  return fail(ErrorCode::usage, rotates ? "--purpose rotate needs --new-key, the fingerprint of the key to go over to"
                                        : "--new-key is for --purpose rotate");
}

Result<std::string> sign_statement(auth::responding::Responder& responder,
                                   const auth::responding::CheckedStatement& checked,
                                   const std::optional<auth::openpgp::Fingerprint>& new_key) {
  return new_key ? responder.sign_rotation(checked, *new_key) : responder.sign(checked);
}

void show_statement(Terminal& terminal, const auth::responding::CheckedStatement& checked) {
  terminal.say("You sign this statement for " + checked.statement().server + ":\n");
  terminal.say(checked.text());
}

}  // namespace countersign::cli
