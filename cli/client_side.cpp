#include "cli/client_side.hpp"

#include "auth/client/gpgme_user_keys.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "cli/known_servers_file.hpp"
#include "cli/pinentry.hpp"

namespace countersign::cli {

using auth::client::KnownServers;
using auth::client::ServerExpectation;

Arguments ExpectedServer::arguments() {
  return {
      {"--server", &name, "The server's name; else a known one (server list)"},
      Argument("--server-key", &key, "The fingerprint of the server's key").needs("--server"),
  };
}

Result<std::unique_ptr<ClientSide>> ClientSide::open(const CommandContext& context) {
  const auto file = TRY(known_servers_file(context.environment));
  KnownServers known = TRY(KnownServers::load(file));
  tell_pinentry_the_terminal();
  auto engine = TRY(auth::openpgp::rnp::RnpOpenPgp::open(Secret{}));
  auto keys = TRY(auth::client::GpgmeUserKeys::open_home(context.environment.find("GNUPGHOME").value_or("")));
  return std::unique_ptr<ClientSide>(
      new ClientSide(context.terminal, file, std::move(known), std::move(engine), std::move(keys)));
}

ClientSide::ClientSide(Terminal& terminal, std::filesystem::path file, KnownServers known,
                       std::unique_ptr<auth::openpgp::OpenPgp> engine, std::unique_ptr<auth::client::UserKeys> keys)
    : terminal_(terminal),
      file_(std::move(file)),
      known_(std::move(known)),
      engine_(std::move(engine)),
      keys_(std::move(keys)),
      responder_(*engine_, *keys_, clock_) {}

Result<auth::client::CheckedStatement> ClientSide::open_challenge(std::string_view message,
                                                                  const ServerExpectation& expected,
                                                                  auth::records::Purpose purpose) {
  auto checked = responder_.open_challenge(message, expected, purpose);
  tell_followed();
  return checked;
}

Result<auth::records::SessionGrant> ClientSide::open_grant(std::string_view message,
                                                           const ServerExpectation& expected) {
  auto grant = responder_.open_grant(message, expected);
  tell_followed();
  return grant;
}

// That the file cannot be written is no reason to refuse: the next message leads the same way, until the overlap ends.
void ClientSide::tell_followed() {
  for (const auth::records::Followed& one : responder_.take_followed()) {
    if (!told_.insert(one.to).second) continue;
    terminal_.say(one.server + " has a new key, which the one that you know it by has signed for:\n  " +
                  one.from.upper() + "\n  " + one.to.upper());
    const auto followed = auth::client::follow_server(file_, one.server, one.from, one.to);
    if (followed && *followed) {
      terminal_.say("It is known by the new one from now on.");
    } else {
      terminal_.say("Go by the new one before " + format_time(one.until) + ".");
    }
  }
}

Result<ServerExpectation> ClientSide::expect(const ExpectedServer& server) const {
  ServerExpectation expected{known_, std::nullopt, std::nullopt};
  if (server.name.empty()) return expected;
  expected.name = server.name;
  if (!server.key.empty()) {
    expected.key = TRY(parse_typed_fingerprint(server.key));
  } else if (known_.find(server.name) == nullptr) {
    return fail(ErrorCode::server_unknown, server.name +
                                               "; pass its fingerprint with --server-key, or trust it first: "
                                               "countersign server trust NAME FINGERPRINT");
  }
  return expected;
}

Result<auth::records::Purpose> purpose_of(const std::string& option) {
  if (option.empty()) return auth::records::Purpose::login;
  const auto purpose = auth::records::purpose_named(option);
  if (!purpose) return fail(ErrorCode::usage, "--purpose is login, enrol, rotate, revoke or password");
  return *purpose;
}

Result<std::optional<auth::Fingerprint>> new_key_of(auth::records::Purpose purpose, const std::string& option) {
  using Key = std::optional<auth::Fingerprint>;
  const bool rotates = purpose == auth::records::Purpose::rotate;
  if (option.empty() != rotates) return rotates ? Key(TRY(parse_typed_fingerprint(option))) : Key();
  return fail(ErrorCode::usage, rotates ? "--purpose rotate needs --new-key, the fingerprint of the key to go over to"
                                        : "--new-key is for --purpose rotate");
}

Result<std::string> ClientSide::sign(const auth::client::CheckedStatement& checked,
                                     const std::optional<auth::Fingerprint>& new_key) {
  return new_key ? responder_.sign_rotation(checked, *new_key) : responder_.sign(checked);
}

void show_statement(Terminal& terminal, const auth::client::CheckedStatement& checked) {
  terminal.say("You sign this statement for " + checked.statement().server + ":\n");
  terminal.recite(checked.text());
}

}  // namespace countersign::cli
