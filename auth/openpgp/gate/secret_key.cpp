#include "auth/openpgp/gate/secret_key.hpp"

#include <vector>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::uint8_t kEncryptedWithSha1 = 254;  // usage: a checksum by SHA-1 within what is encrypted
constexpr std::uint8_t kEncryptedWithSum = 255;
constexpr std::uint8_t kPlaintext = 0;
constexpr std::uint8_t kAes128 = 7;
constexpr std::uint8_t kAes256 = 9;
constexpr std::uint8_t kSimple = 0;
constexpr std::uint8_t kSalted = 1;
constexpr std::uint8_t kIteratedAndSalted = 3;
constexpr std::uint8_t kHighestCount = 0xFF;  // 65,011,712 bytes
constexpr std::size_t kSaltBytes = 8;

struct SecretPart {
  Fingerprint fingerprint;
  ByteView secret;  // of the body what stands behind the public part
  Packet packet;
};

Result<std::vector<SecretPart>> secret_parts(ByteView secret_key) {
  std::vector<SecretPart> parts;
  PacketReader reader(secret_key);
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag != tag::kSecretKey && packet.tag != tag::kSecretSubkey) continue;
    const KeyPacket key = TRY(read_secret_key_packet(packet.body));
    parts.push_back({key.fingerprint, packet.body.subspan(key.public_bytes), packet});
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

Result<bool> is_well_protected(ByteView secret) {
  BodyReader reader(secret);
  const auto usage = TRY(reader.integer(1));
  if (usage != kEncryptedWithSha1) return false;
  const auto cipher = TRY(reader.integer(1));
  const auto s2k = TRY(reader.integer(1));
  if (cipher < kAes128 || cipher > kAes256 || s2k != kIteratedAndSalted) return false;
  TRY(reader.integer(1));  // the hash, which is the engine's choice: the cost is in the count
  TRY(reader.take(kSaltBytes));
  const auto count = TRY(reader.integer(1));
  return count == kHighestCount;
}

// A usage that is a cipher itself makes its key from the passphrase by MD5 alone, and does not count.
Result<bool> is_encrypted(ByteView secret) {
  BodyReader reader(secret);
  const auto usage = TRY(reader.integer(1));
  if (usage != kEncryptedWithSha1 && usage != kEncryptedWithSum) return false;
  const auto cipher = TRY(reader.integer(1));
  const auto s2k = TRY(reader.integer(1));
  return cipher != kPlaintext && (s2k == kSimple || s2k == kSalted || s2k == kIteratedAndSalted);
}

}  // namespace

bool holds_secret_key(std::string_view text) {
  return text.find("-----BEGIN PGP PRIVATE KEY BLOCK-----") != std::string_view::npos;
}

bool is_secret_key(std::string_view text) {
  if (holds_secret_key(text)) return true;
  if (is_utf8(text)) return false;
  const auto admitted = admit_certificate(text, kCertificateReadBytesMax);
  return !admitted && admitted.error().code == ErrorCode::secret_key_handed_in;
}

Result<Fingerprint> fingerprint_of_secret_key(ByteView secret_key) {
  return TRY(secret_parts(secret_key)).front().fingerprint;
}

Result<Bytes> certificate_of_secret_key(ByteView secret_key) {
  Bytes out;
  PacketReader reader(secret_key);
  while (!reader.at_end()) {
    const Packet packet = TRY(reader.next());
    if (packet.tag == tag::kSecretKey || packet.tag == tag::kSecretSubkey) {
      const KeyPacket key = TRY(read_secret_key_packet(packet.body));
      append_packet(out, packet.tag == tag::kSecretKey ? tag::kPublicKey : tag::kPublicSubkey,
                    packet.body.first(key.public_bytes));
    } else {
      append_packet(out, packet.tag, packet.body);
    }
  }
  return out;
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
    } else if (taken) {
      append_packet(out, packet.tag, packet.body);
    }
  }
  return Secret::take(out);
}

Status check_protected(ByteView secret_key) {
  for (const SecretPart& part : TRY(secret_parts(secret_key))) {
    if (TRY(is_well_protected(part.secret))) continue;
    return fail(ErrorCode::certificate_refused, "the secret key " + part.fingerprint.upper() +
                                                    " is not protected by a passphrase, or at less than the full cost");
  }
  return ok();
}

Result<SecretKeyFacts> inspect_secret_key(std::string_view text) {
  Bytes read = TRY(read_packets("PGP PRIVATE KEY BLOCK", text));
  const Secret packets = Secret::take(read);
  const auto parts = TRY(secret_parts(packets.reveal()));
  SecretKeyFacts facts{parts.front().fingerprint, true};
  for (const SecretPart& part : parts) facts.is_encrypted = TRY(is_encrypted(part.secret)) && facts.is_encrypted;
  return facts;
}

}  // namespace countersign::auth::openpgp::gate
