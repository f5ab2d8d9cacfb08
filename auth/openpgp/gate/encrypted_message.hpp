// The outside of a challenge or a grant: one session key for one recipient (RFC 4880 §5.1), then integrity protected
// data (§5.13). For the engines' own files. Pure.
#pragma once

#include "auth/base/fingerprint.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

// What an engine encrypted, checked to be encrypted to exactly that key and integrity protected, with exact lengths,
// and with the key id zeroed where the recipient is to stay hidden. openpgp_unavailable where the engine made something
// else.
Result<Bytes> address_message(ByteView packets, const Fingerprint& encryption_key, bool hide_recipient);

// Is the encrypted session key of an RSA recipient shorter than the key's modulus? It then begins with a zero byte,
// which an integer of OpenPGP leaves out (RFC 4880 §3.2): one in 256 does. False for keys of other algorithms.
Result<bool> has_short_session_key(ByteView packets, const GatedCertificate& recipient,
                                   const Fingerprint& encryption_key);

}  // namespace countersign::auth::openpgp::gate
