// The client's side of a challenge: open it, check who made it and what it says, and only then sign it.
//
// Nobody signs a text that is not a statement, of a server that the user meant, with a key that the user knows the
// server by. That is what makes a relay and a signing oracle useless: a statement that another server passed on names
// the server it came from, and any other text is refused before the user's key is asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/base/clock.hpp"
#include "auth/client/known_servers.hpp"
#include "auth/client/user_keys.hpp"
#include "auth/openpgp/gate/signed_message.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "auth/records/session_grant.hpp"
#include "auth/records/statement.hpp"
#include "auth/records/succession.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::client {

// The server that the user meant: what they said, and whom they know.
struct ServerExpectation {
  const KnownServers& known;
  std::optional<std::string> name;  // nothing: any known server, for who has one file in hand and no address
  std::optional<Fingerprint> key;   // nothing: as known; only with a name
};

// A statement that was checked: it may be shown and signed. Only the responder makes one.
class CheckedStatement {
 public:
  const records::Statement& statement() const { return statement_; }
  const std::string& text() const { return text_; }

 private:
  friend class Responder;
  CheckedStatement(records::Statement statement, std::string text)
      : statement_(std::move(statement)), text_(std::move(text)) {}
  records::Statement statement_;
  std::string text_;
};

// For one thread. The engine needs no secret key.
class Responder {
 public:
  Responder(openpgp::OpenPgp& engine, UserKeys& keys, const Clock& clock)
      : engine_(engine), keys_(keys), clock_(clock) {}

  // Fails as UserKeys::open, take_signed_message, parse_statement and accept_signature do; and with server_unknown (the
  // detail holds the fingerprint and the command that trusts it), server_mismatch, challenge_of_another_purpose,
  // challenge_expired, challenge_not_yet_valid.
  Result<CheckedStatement> open_challenge(std::string_view message, const ServerExpectation& expected,
                                          records::Purpose purpose);

  // Exactly the checked text, clear-signed with the key that the statement names. As UserKeys::clear_sign;
  // challenge_expired where it has expired meanwhile; and as admit_signature and accept_signature, for what a server
  // would refuse without saying why.
  Result<std::string> sign(const CheckedStatement& checked);

  // For a statement of purpose `rotate`: the text clear-signed by the current key, then by the next one, then the
  // certificate of that. challenge_of_another_purpose where the statement names another next key than the one meant; as
  // sign() and UserKeys::certificate.
  Result<std::string> sign_rotation(const CheckedStatement& checked, const Fingerprint& next);

  // A session grant: the same checks, session_grant_expired past its time, and the token.
  Result<records::SessionGrant> open_grant(std::string_view message, const ServerExpectation& expected);

  // The servers whose former key, the one that was expected, led to the one that they sign with now: taken together
  // with what was opened since the last call. What the user knows them by is for the caller to change.
  std::vector<records::Followed> take_followed() { return std::exchange(followed_, {}); }

 private:
  // Is the text by the server that it names, and does the user know that server by this very key, or by one that led to
  // it? `Named` is a Statement or a SessionGrant.
  template <class Named>
  Status check_server(const ServerExpectation& expected, const Named& named,
                      const openpgp::gate::SignedMessage& message, Instant now);
  Result<std::string> clear_signed(const CheckedStatement& checked, const Fingerprint& key);
  Status check_own(std::string_view response, std::string_view text, const Fingerprint& key);

  openpgp::OpenPgp& engine_;
  UserKeys& keys_;
  const Clock& clock_;
  std::vector<records::Followed> followed_;
};

}  // namespace countersign::auth::client
