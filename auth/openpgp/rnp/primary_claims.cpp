#include "auth/openpgp/rnp/primary_claims.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"
#include "auth/openpgp/rnp/key_facts.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

// The primary with the signatures on itself, or with those on one of its user ids.
struct Part {
  bool is_direct = false;
  Bytes packets;
  std::set<Bytes> claims;  // what its self-signatures say, each as the bytes of its lifetime and flags
  bool has_flags = false;
};

// What librnp finds where a part stands alone.
struct Voice {
  bool is_direct = false;
  Instant newest{};
  KeyFacts key;
  bool has_expiry = false;
  bool has_flags = false;
};

bool is_revocation(const gate::SignaturePacket& signature) {
  return signature.signature_class == 0x20 || signature.signature_class == 0x30;
}

void note_claims(Part& part, const gate::SignaturePacket& signature) {
  Bytes claim;
  for (const std::uint8_t type : {gate::subpacket::kKeyExpirationTime, gate::subpacket::kKeyFlags}) {
    claim.push_back(type);
    for (const gate::Subpacket& each : signature.hashed) {
      if (each.type != type) continue;
      append(claim, each.body);
      if (type == gate::subpacket::kKeyFlags) part.has_flags = true;
    }
  }
  part.claims.insert(std::move(claim));
}

Result<std::vector<Part>> split(const gate::GatedCertificate& certificate) {
  std::vector<Part> parts;
  Bytes primary;
  gate::PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const gate::Packet packet = TRY(reader.next());
    if (packet.tag == gate::tag::kPublicSubkey) break;
    if (packet.tag == gate::tag::kPublicKey) gate::append_packet(primary, packet.tag, packet.body);
    if (packet.tag != gate::tag::kSignature) {
      parts.emplace_back();
      parts.back().packets = primary;
      parts.back().is_direct = packet.tag == gate::tag::kPublicKey;
      if (packet.tag == gate::tag::kUserId) gate::append_packet(parts.back().packets, packet.tag, packet.body);
      continue;
    }
    const gate::SignaturePacket signature = TRY(gate::read_signature_packet(packet.body));
    if (signature.signature_class == 0x20) continue;
    gate::append_packet(parts.back().packets, packet.tag, packet.body);
    if (!is_revocation(signature)) note_claims(parts.back(), signature);
  }
  std::erase_if(parts, [](const Part& part) { return part.claims.empty(); });
  return parts;
}

bool all_say_the_same(const std::vector<Part>& parts) {
  std::set<Bytes> claims;
  for (const Part& part : parts) claims.insert(part.claims.begin(), part.claims.end());
  return claims.size() <= 1;
}

Result<std::optional<Voice>> hear(const Part& part, const Fingerprint& primary, Reading reading, Instant now) {
  const Ffi ffi = TRY(make_ffi(reading, now));
  TRY(load_keys(ffi.get(), part.packets, RNP_LOAD_SAVE_PUBLIC_KEYS));
  KeyringFacts facts = TRY(read_keyring(ffi.get(), primary));
  if (!facts.certificate.primary.bound) return std::optional<Voice>();
  const bool has_expiry = facts.certificate.primary.expires_at.has_value();
  return std::optional<Voice>(
      Voice{part.is_direct, facts.newest_valid, std::move(facts.certificate.primary), has_expiry, part.has_flags});
}

// A direct signature that speaks of it, else the newest user id that does; of equally new ones the first.
const Voice* speaker(const std::vector<Voice>& voices, bool Voice::*speaks) {
  const Voice* found = nullptr;
  for (const Voice& voice : voices) {
    if (!(voice.*speaks)) continue;
    if (voice.is_direct) return &voice;
    if (found == nullptr || voice.newest > found->newest) found = &voice;
  }
  return found;
}

}  // namespace

Status settle_primary(KeyFacts& primary, const gate::GatedCertificate& certificate, Reading reading, Instant now) {
  const std::vector<Part> parts = TRY(split(certificate));
  if (parts.size() <= 1 || all_say_the_same(parts)) return ok();
  std::vector<Voice> voices;
  for (const Part& part : parts) {
    auto voice = TRY(hear(part, certificate.fingerprint(), reading, now));
    if (voice) voices.push_back(*std::move(voice));
  }
  if (voices.empty()) return ok();
  const Voice* const of_expiry = speaker(voices, &Voice::has_expiry);
  primary.expires_at = of_expiry != nullptr ? of_expiry->key.expires_at : std::nullopt;
  const Voice* const of_use = speaker(voices, &Voice::has_flags);
  const KeyFacts& use = of_use != nullptr ? of_use->key : voices.front().key;
  primary.can_certify = primary.bound && use.can_certify;
  primary.can_sign = primary.bound && use.can_sign;
  primary.can_encrypt = primary.bound && use.can_encrypt;
  return ok();
}

}  // namespace countersign::auth::openpgp::rnp
