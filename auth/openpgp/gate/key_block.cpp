#include "auth/openpgp/gate/key_block.hpp"

#include <vector>

#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

// A key or user id with the signatures behind it.
struct BlockPart {
  Packet head;
  std::vector<ByteView> signatures;
};

// Of what the gate wrote, where a signature always has a part before it.
Result<std::vector<BlockPart>> split(ByteView packets) {
  std::vector<BlockPart> parts;
  PacketReader reader(packets);
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag == tag::kSignature) {
      parts.back().signatures.push_back(packet.body);
    } else {
      parts.push_back({packet, {}});
    }
  }
  return parts;
}

void append_part(Bytes& out, const BlockPart& part) {
  append_packet(out, part.head.tag, part.head.body);
  for (const ByteView signature : part.signatures) append_packet(out, tag::kSignature, signature);
}

// Of the certifications the newest; every revocation.
Status append_user_id(Bytes& out, const BlockPart& part) {
  append_packet(out, part.head.tag, part.head.body);
  ByteView newest;
  Instant newest_time{};
  for (const ByteView body : part.signatures) {
    const SignaturePacket packet = TRY(read_signature_packet(body));
    if (packet.signature_class == 0x30) {
      append_packet(out, tag::kSignature, body);
      continue;
    }
    const Instant created = TRY(creation_time(packet)).value_or(Instant());
    if (created >= newest_time) {
      newest = body;
      newest_time = created;
    }
  }
  if (!newest.empty()) append_packet(out, tag::kSignature, newest);
  return ok();
}

}  // namespace

Result<Bytes> minimal_certificate(const GatedCertificate& certificate, const Fingerprint& signing_key) {
  Bytes out;
  bool found = certificate.fingerprint() == signing_key;
  bool user_id_taken = false;
  for (const BlockPart& part : TRY(split(certificate.packets()))) {
    if (part.head.tag == tag::kPublicKey) {
      append_part(out, part);
    } else if (part.head.tag == tag::kUserId && !user_id_taken) {
      TRY(append_user_id(out, part));
      user_id_taken = true;
    } else if (part.head.tag == tag::kPublicSubkey) {
      const KeyPacket key = TRY(read_key_packet(part.head.body));
      if (key.fingerprint != signing_key) continue;
      append_part(out, part);
      found = true;
    }
  }
  if (!found) return fail(ErrorCode::certificate_refused, "the signing key is not in the certificate");
  return out;
}

}  // namespace countersign::auth::openpgp::gate
