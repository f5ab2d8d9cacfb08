// What a key says about itself in its certificate: certifications, bindings and revocations, brought into one form. For
// the gate's own files. Pure.
#pragma once

#include <optional>

#include "auth/openpgp/gate/signature_packet.hpp"

namespace countersign::auth::openpgp::gate {

// The body of the signature as the engines see it: of the unhashed area nothing is left but the key id of `primary` and
// the back signature of a binding, and the integers have their exact number of bits.
//
// Nothing where two readers could understand it differently, or one would not read it at all: without a creation time,
// with a single-valued subpacket that stands twice or has another length than it should, with a critical subpacket or
// notation that is not known here, with an algorithm or a hash that is not, over 8 KiB long (gpg reads none over 10,000
// bytes); and the binding of a subkey that could sign (its algorithm says) without key flags, since then a reader would
// have to guess what it is for.
//
// A revocation is never dropped for that: packet_refused, so that nobody goes on with a key that its owner took back in
// words that are not understood here.
Result<std::optional<Bytes>> normalise_self_signature(const SignaturePacket& signature, const Fingerprint& primary,
                                                      std::uint8_t subject_algorithm);

}  // namespace countersign::auth::openpgp::gate
