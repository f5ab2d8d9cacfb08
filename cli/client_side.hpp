// What the client's commands share: whom the user knows, whom they mean, and what they are about to sign.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
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
  // As the responder's. Where the server was known by a former key that led to its present one, the user is told, and
  // where that is written in the file of known servers, the file follows.
  Result<auth::responding::CheckedStatement> open_challenge(std::string_view message,
                                                            const auth::responding::ServerExpectation& expected,
                                                            auth::Purpose purpose);
  Result<auth::SessionGrant> open_grant(std::string_view message, const auth::responding::ServerExpectation& expected);
  // The response of the statement's purpose: one clear-signed message, or with a new key a rotation's two and the new
  // certificate.
  Result<std::string> sign(const auth::responding::CheckedStatement& checked,
                           const std::optional<auth::openpgp::Fingerprint>& new_key = std::nullopt);

  // From --server and --server-key. server_unknown where a name without a key is not a known one.
  Result<auth::responding::ServerExpectation> expect(const std::string& server, const std::string& server_key) const;

 private:
  ClientSide(Terminal& terminal, std::filesystem::path file, auth::responding::KnownServers known,
             std::unique_ptr<auth::openpgp::OpenPgp> engine, std::unique_ptr<auth::responding::UserKeys> keys);
  void tell_followed();

  Terminal& terminal_;
  const std::filesystem::path file_;  // of known servers
  std::set<auth::openpgp::Fingerprint> told_;
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

// The statement as talk, before it is signed.
void show_statement(Terminal& terminal, const auth::responding::CheckedStatement& checked);

}  // namespace countersign::cli
