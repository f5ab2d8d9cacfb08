// What a signature is made over, by libgcrypt, which gpg computes with. For the worker.
#pragma once

#include <string_view>

#include "auth/openpgp/gate/signature_packet.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

// Once, before anything of libgcrypt. openpgp_unavailable.
Status start_libgcrypt();

// RFC 4880 §5.2.4: the hash over `signed_bytes`, what the signature hashes of itself, and the trailer. Empty where the
// hash is not one of the strong ones (policy.hpp).
Bytes digest_of(const gate::SignaturePacket& signature, Bytes signed_bytes);

// The left 16 bits of that hash, whatever hash it is, are those that stand in the signature.
bool has_left_bits(const gate::SignaturePacket& signature, Bytes signed_bytes);

// gpg does not compare the left 16 bits of the hash that stand in a signature, so one with other bits there would be
// another signature that is as good. `signature` is one packet. openpgp_unavailable, packet_refused.
Result<bool> has_left_bits(ByteView signature, ByteView message);

}  // namespace countersign::auth::openpgp::gnupg
