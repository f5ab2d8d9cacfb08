// What the client's commands share: whom the user knows, whom they mean, and what they are about to sign.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "auth/clock.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "auth/responding/known_servers.hpp"
#include "auth/responding/responder.hpp"
#include "auth/responding/user_keys.hpp"
#include "cli/command_context.hpp"

namespace countersign::cli {

// An engine that verifies, the user's GnuPG, the known servers, and a responder over them.
class ClientSide {
 public:
  static Result<std::unique_ptr<ClientSide>> open(const CommandContext& context);

  const auth::responding::KnownServers& known() const { return known_; }
  auth::responding::Responder& responder() { return responder_; }

  // From --server and --server-key. server_unknown where a name without a key is not a known one.
  Result<auth::responding::ServerExpectation> expect(const std::string& server, const std::string& server_key) const;

 private:
  ClientSide(auth::responding::KnownServers known, std::unique_ptr<auth::openpgp::OpenPgp> engine,
             std::unique_ptr<auth::responding::UserKeys> keys);

  auth::responding::KnownServers known_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
  std::unique_ptr<auth::responding::UserKeys> keys_;
  auth::SystemClock clock_;
  auth::responding::Responder responder_;
};

// --purpose; empty is login. usage.
Result<auth::Purpose> purpose_of(const std::string& option);

// --new-key, which a rotation needs and nothing else takes. usage, malformed_message.
Result<std::optional<auth::openpgp::Fingerprint>> new_key_of(auth::Purpose purpose, const std::string& option);

// The response of that purpose: one clear-signed message, or a rotation's two with the new certificate.
Result<std::string> sign_statement(auth::responding::Responder& responder,
                                   const auth::responding::CheckedStatement& checked,
                                   const std::optional<auth::openpgp::Fingerprint>& new_key);

// The statement as talk, before it is signed.
void show_statement(Terminal& terminal, const auth::responding::CheckedStatement& checked);

}  // namespace countersign::cli
