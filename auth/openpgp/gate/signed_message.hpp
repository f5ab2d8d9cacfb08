// The inside of a challenge or a grant, as the client's GnuPG opens it: a one-pass signature, one literal packet, one
// signature (RFC 4880 §5.4, §5.9, §11.3), uncompressed. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/openpgp/gate/packet_gate.hpp"

namespace countersign::auth::openpgp::gate {

inline constexpr std::size_t kSignedMessageBytesMax = 128u << 10;  // the packets, a key block included
inline constexpr std::size_t kSuccessionSubpacketsMax = 16;

struct SignedMessage {
  std::string text;  // foreign until the signature over it was accepted
  GatedSignature signature;
  // The server's certificate from the signature's key block subpacket (unhashed, type 38), where there is one. It
  // proves nothing until its fingerprint is compared with one that the user knows.
  std::optional<GatedCertificate> key_block;
  // The bodies of its succession subpackets (unhashed, type 100): claims likewise.
  std::vector<Bytes> successions;
};

// Exact lengths everywhere, except that the literal packet may come in parts: gpg writes it so from a pipe. The text
// has to be UTF-8. packet_refused, signature_missing, message_too_large, unknown_version; for a key block what
// admit_certificate fails with.
Result<SignedMessage> take_signed_message(ByteView packets);

// The way there: one message out of a text and one detached signature of class 0x00 or 0x01 by a key of `signer`, with
// the certificate as key block and the bodies of succession subpackets. The literal packet has no file name and no
// date. packet_refused where `signature` is not one signature packet, or names no issuer; message_too_large.
Result<Bytes> make_signed_message(std::string_view text, ByteView signature, ByteView key_block,
                                  std::span<const Bytes> successions = {});

}  // namespace countersign::auth::openpgp::gate
