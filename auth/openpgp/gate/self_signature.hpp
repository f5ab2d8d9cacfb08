// What a key says about itself in its certificate: certifications, bindings and revocations, brought into one form. For
// the gate's own files. Pure.
#pragma once

#include "auth/openpgp/gate/signature_packet.hpp"

namespace countersign::auth::openpgp::gate {

// The body of the signature as the engines see it: of the unhashed area nothing is left but the key id of `primary` and
// the back signature of a binding, and the integers have their exact number of bits.
//
// packet_refused where two readers could understand it differently, or one would not read it at all: without a creation
// time, with a single-valued subpacket that stands twice or has another length than it should, with a critical
// subpacket or notation that is not known here, with an algorithm or a hash that is not, over 8 KiB long (gpg reads
// none over 10,000 bytes); and the binding of a subkey that could sign (its algorithm says) without key flags, since
// then a reader would have to guess what it is for.
Result<Bytes> normalise_self_signature(const SignaturePacket& signature, const Fingerprint& primary,
                                       std::uint8_t subject_algorithm);

// Does a signature of this class take back what it stands behind (RFC 4880 §5.2.1)?
bool is_revocation(std::uint8_t signature_class);

}  // namespace countersign::auth::openpgp::gate
