#include "auth/openpgp/gnupg/shown_certificate.hpp"

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"
#include "auth/openpgp/gnupg/digest.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

bool is_revocation(const gate::SignaturePacket& signature) {
  return signature.signature_class == 0x20 || signature.signature_class == 0x28 || signature.signature_class == 0x30;
}

Result<bool> is_from_later(const gate::SignaturePacket& signature, Instant now) {
  const auto created = TRY(creation_time(signature));
  return created && *created > now;
}

}  // namespace

Result<Bytes> certificate_shown_at(ByteView certificate, Instant now) {
  TRY(start_libgcrypt());
  Bytes out;
  Bytes primary;
  Bytes part;  // what the signatures that follow cover besides the primary
  gate::PacketReader reader(certificate);
  while (!reader.at_end()) {
    const gate::Packet packet = TRY(reader.next());
    if (packet.tag == gate::tag::kSignature) {
      const gate::SignaturePacket signature = TRY(gate::read_signature_packet(packet.body));
      if (!is_revocation(signature) && TRY(is_from_later(signature, now))) continue;
      Bytes signed_bytes = primary;
      append(signed_bytes, part);
      if (!has_left_bits(signature, std::move(signed_bytes))) continue;
    } else if (packet.tag == gate::tag::kPublicKey) {
      primary = gate::hashed_form(packet);
    } else {
      part = gate::hashed_form(packet);
    }
    gate::append_packet(out, packet.tag, packet.body);
  }
  return out;
}

}  // namespace countersign::auth::openpgp::gnupg
