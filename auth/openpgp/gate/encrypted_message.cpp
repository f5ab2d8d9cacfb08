#include "auth/openpgp/gate/encrypted_message.hpp"

#include <algorithm>

#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::size_t kMessageBytesMax = 1u << 20;
constexpr std::size_t kKeyIdAt = 1;  // behind the version
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kAlgorithmAt = 9;
constexpr std::size_t kIntegerAt = 10;

tl::unexpected<Error> wrong(const char* what) {
  return fail(ErrorCode::openpgp_unavailable, what);
}

// 0 where the certificate has no such RSA key.
Result<std::size_t> modulus_bytes_of(const GatedCertificate& certificate, const Fingerprint& fingerprint) {
  PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag != tag::kPublicKey && packet.tag != tag::kPublicSubkey) continue;
    const KeyPacket key = TRY(read_key_packet(packet.body));
    if (key.fingerprint == fingerprint) return key.modulus_bytes;
  }
  return std::size_t{0};
}

}  // namespace

Result<Bytes> address_message(ByteView packets, const Fingerprint& encryption_key, bool hide_recipient) {
  PacketReader reader(packets);
  const Packet session_key = TRY(reader.next());
  if (session_key.tag != tag::kSessionKey || session_key.body.size() < 10 || session_key.body[0] != 3) {
    return wrong("the engine wrote no session key of version 3");
  }
  Bytes addressed(session_key.body.begin(), session_key.body.end());
  const auto key_id = addressed.begin() + kKeyIdAt;
  const ByteView expected = encryption_key.key_id();
  if (!std::equal(expected.begin(), expected.end(), key_id)) return wrong("the engine encrypted to another key");
  if (hide_recipient) std::fill_n(key_id, kKeyIdBytes, std::uint8_t{0});

  const Bytes data = TRY(reader.next_whole(tag::kIntegrityProtected, kMessageBytesMax));
  if (data.empty() || data[0] != 1) return wrong("the engine wrote no integrity protected data of version 1");
  if (!reader.at_end()) return wrong("the engine wrote more than one message");

  Bytes out;
  append_packet(out, tag::kSessionKey, addressed);
  append_packet(out, tag::kIntegrityProtected, data);
  return out;
}

Result<bool> has_short_session_key(ByteView packets, const GatedCertificate& recipient,
                                   const Fingerprint& encryption_key) {
  PacketReader reader(packets);
  const Packet session_key = TRY(reader.next());
  BodyReader body(session_key.body);
  const ByteView head = TRY(body.take(kIntegerAt));
  if (!is_rsa(head[kAlgorithmAt])) return false;
  const std::size_t modulus_bytes = TRY(modulus_bytes_of(recipient, encryption_key));
  return modulus_bytes != 0 && bit_length(TRY(body.mpi(kIntegerBitsMax))) <= 8 * (modulus_bytes - 1);
}

}  // namespace countersign::auth::openpgp::gate
