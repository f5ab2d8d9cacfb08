// The outside of a challenge or a grant: one session key for one recipient (RFC 4880 §5.1), then integrity protected
// data (§5.13). For the engines' own files. Pure.
#pragma once

#include "auth/base/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

// What an engine encrypted, checked to be encrypted to exactly that key and integrity protected, with exact lengths,
// and with the key id zeroed where the recipient is to stay hidden. openpgp_unavailable where the engine made something
// else.
Result<Bytes> address_message(ByteView packets, const Fingerprint& encryption_key, bool hide_recipient);

}  // namespace countersign::auth::openpgp::gate
