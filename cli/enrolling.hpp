// Registering a key of one's own at a server: which key, and the challenge that proves it.
#pragma once

#include <string>

#include "auth/base/fingerprint.hpp"
#include "cli/asked_server.hpp"
#include "storage/base/json.hpp"
#include "storage/base/secret.hpp"

namespace countersign::cli {

struct Enrolling {
  std::string user;
  auth::Fingerprint key;
  Secret invite = {};  // its secret; empty: none
};

// The key that was typed, else the only one in one's GnuPG. malformed_message; not_found; usage where there are
// several.
Result<auth::Fingerprint> own_key(const std::string& typed, const Environment& environment);

// Asks for a challenge, shows and signs the statement, and answers it: the server's answer on the account that there is
// now. registration_closed, with what to do, where the server says so of itself, before anything is signed;
// not_permitted where it takes the request or the invite not and does not say why; conflict where the name or the key
// has an account.
Result<Json> enrol_at(transport::http::HttpClient& client, ClientSide& side,
                      const auth::client::ServerExpectation& expected, const Enrolling& wanted, Terminal& terminal);

}  // namespace countersign::cli
