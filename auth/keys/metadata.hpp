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

namespace countersign::auth::keys {

// Stages it and notes it in `changed`, whose certificate is `checked` now. Where the server's key signs nothing at
// present, there is none until complete_metadata() makes it: nobody waits for an account, or to leave a stolen key, on
// its account. certificate_refused.
Status stage_metadata(const Context& context, storage::Batch& batch, records::Account& changed,
                      const openpgp::Enrollable& checked, const Moment& moment);

// Makes what is missing of an active account, if the server's key signs again. conflict where the account changed
// meanwhile; as Accounts::find and Medium::commit.
Status complete_metadata(const Context& context, const std::string& account);

}  // namespace countersign::auth::keys
