#include "auth/openpgp/gate/secret_key.hpp"

#include <vector>

#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"

namespace countersign::auth::openpgp {
namespace {

struct SecretPart {
  Fingerprint fingerprint;
  Packet packet;
};

Result<std::vector<SecretPart>> secret_parts(ByteView secret_key) {
  std::vector<SecretPart> parts;
  PacketReader reader(secret_key);
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag != tag::kSecretKey && packet.tag != tag::kSecretSubkey) continue;
    const KeyPacket key = TRY(read_secret_key_packet(packet.body));
    parts.push_back({key.fingerprint, packet});
  }
  if (parts.empty() || parts.front().packet.tag != tag::kSecretKey) {
    return fail(ErrorCode::certificate_refused, "this is no secret key");
  }
  return parts;
}

const SecretPart* find_part(const std::vector<SecretPart>& parts, const Fingerprint& fingerprint) {
  for (const SecretPart& part : parts) {
    if (part.fingerprint == fingerprint) return &part;
  }
  return nullptr;
}

}  // namespace

Result<Fingerprint> fingerprint_of_secret_key(ByteView secret_key) {
  return TRY(secret_parts(secret_key)).front().fingerprint;
}

Result<Secret> with_certificate(ByteView secret_key, const GatedCertificate& certificate) {
  const auto parts = TRY(secret_parts(secret_key));
  if (find_part(parts, certificate.fingerprint()) == nullptr) {
    return fail(ErrorCode::certificate_refused, "the secret key is " + parts.front().fingerprint.upper() + ", not " +
                                                    certificate.fingerprint().upper());
  }
  Bytes out;
  out.reserve(secret_key.size() + certificate.packets().size());  // once: a growing one would leave copies behind
  bool taken = false;
  PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag == tag::kPublicKey || packet.tag == tag::kPublicSubkey) {
      const KeyPacket key = TRY(read_key_packet(packet.body));
      const SecretPart* const part = find_part(parts, key.fingerprint);
      taken = part != nullptr;
      if (taken) append_packet(out, part->packet.tag, part->packet.body);
    } else if (taken || packet.tag == tag::kUserId) {
      append_packet(out, packet.tag, packet.body);
    }
  }
  return Secret::take(out);
}

}  // namespace countersign::auth::openpgp
