// Giving an account another key, within a batch that does more: a rotation, or a revocation taken back with a new key.
#pragma once

#include <string>

#include "auth/context.hpp"
#include "auth/openpgp/enrollable.hpp"

namespace countersign::auth::keys {

// Stages the certificate, the key's own record and the metadata, encrypted to the new key, and notes them in `changed`:
// the former key with its dates and why it ended, the new one since now. An escrowed secret key goes: it was the former
// one's; and the account is no longer managed, since its owner holds a key of their own. The former key's record stays,
// so that a key that once spoke for an account never speaks for another. As judge_next_key; what stage_metadata fails
// with.
Status stage_key_change(const Context& context, storage::Batch& batch, records::Account& changed,
                        const openpgp::Enrollable& checked, const std::string& reason, const Moment& moment);

}  // namespace countersign::auth::keys
