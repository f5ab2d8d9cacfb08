// What the server knows of an account, for its owner: `users/<id>.json`, a JSON text in an OpenPGP message, signed by
// the server and encrypted to the account's key.
//
//   {"version":1,"username":"alice","account":"<id>","fingerprint":"...","created_at":"2026-11-21T17:20:00Z"}
//
// The server never reads it: it is written from the account record, anew at every change of the key (S54).
#pragma once

#include <string>

#include "auth/context.hpp"
#include "auth/openpgp/enrollable.hpp"

namespace countersign::auth {

// The armored message. `checked` is the certificate that `account` has now. certificate_refused, openpgp_unavailable.
Result<std::string> seal_metadata(const Context& context, const Account& account, const openpgp::Enrollable& checked,
                                  const Moment& moment);

}  // namespace countersign::auth
