// What the client's commands share: whom the user knows, whom they mean, and what they are about to sign.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "auth/base/clock.hpp"
#include "auth/client/known_servers.hpp"
#include "auth/client/responder.hpp"
#include "auth/client/user_keys.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "cli/command.hpp"

namespace countersign::cli {

// The server that the user means.
struct ExpectedServer {
  std::string name;
  std::string key;

  Arguments arguments();
};

// An engine that verifies, the user's GnuPG, the known servers, and a responder over them.
class ClientSide {
 public:
  static Result<std::unique_ptr<ClientSide>> open(const CommandContext& context);

  const auth::client::KnownServers& known() const { return known_; }
  // As the responder's. Where the server was known by a former key that led to its present one, the user is told, and
  // where that is written in the file of known servers, the file follows.
  Result<auth::client::CheckedStatement> open_challenge(std::string_view message,
                                                        const auth::client::ServerExpectation& expected,
                                                        auth::records::Purpose purpose);
  Result<auth::records::SessionGrant> open_grant(std::string_view message,
                                                 const auth::client::ServerExpectation& expected);
  // The response of the statement's purpose: one clear-signed message, or with a new key a rotation's two and the new
  // certificate.
  Result<std::string> sign(const auth::client::CheckedStatement& checked,
                           const std::optional<auth::Fingerprint>& new_key = std::nullopt);

  // As UserKeys::certificate().
  Result<std::string> certificate(const auth::Fingerprint& key) { return keys_->certificate(key); }

  // server_unknown where a name without a key is not a known one.
  Result<auth::client::ServerExpectation> expect(const ExpectedServer& server) const;

 private:
  ClientSide(Terminal& terminal, std::filesystem::path file, auth::client::KnownServers known,
             std::unique_ptr<auth::openpgp::OpenPgp> engine, std::unique_ptr<auth::client::UserKeys> keys);
  void tell_followed();

  Terminal& terminal_;
  const std::filesystem::path file_;  // of known servers
  std::set<auth::Fingerprint> told_;
  auth::client::KnownServers known_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
  std::unique_ptr<auth::client::UserKeys> keys_;
  auth::SystemClock clock_;
  auth::client::Responder responder_;
};

// --purpose; empty is login. usage.
Result<auth::records::Purpose> purpose_of(const std::string& option);

// --new-key, which a rotation needs and nothing else takes. usage, malformed_message.
Result<std::optional<auth::Fingerprint>> new_key_of(auth::records::Purpose purpose, const std::string& option);

// The statement as talk, before it is signed.
void show_statement(Terminal& terminal, const auth::client::CheckedStatement& checked);

}  // namespace countersign::cli
