// The inside of a challenge or a grant, as the client's GnuPG opens it: a one-pass signature, one literal packet, one
// signature (RFC 4880 §5.4, §5.9, §11.3), uncompressed. Pure.
#pragma once

#include <optional>
#include <string>

#include "auth/openpgp/gate/packet_gate.hpp"

namespace countersign::auth::openpgp {

struct SignedMessage {
  std::string text;
  GatedSignature signature;
  // The server's certificate from the signature's key block subpacket (unhashed, type 38), where there is one. It proves
  // nothing until its fingerprint is compared with one that the user knows.
  std::optional<GatedCertificate> key_block;
};

// packet_refused, signature_missing, message_too_large.
Result<SignedMessage> take_signed_message(ByteView packets);

}  // namespace countersign::auth::openpgp
