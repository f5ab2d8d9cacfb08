// The signature role: what a signature over a statement may hold.
#include <algorithm>
#include <string>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"

namespace countersign::auth::openpgp {
namespace {

constexpr std::size_t kNotationBytesMax = 256;

std::string number(std::size_t value) {
  return std::to_string(value);
}

// What the hashed area says about itself; a thing said twice is refused, since two readers could pick differently.
struct Claims {
  std::optional<std::uint64_t> created;
  std::optional<std::uint64_t> lifetime;
  std::optional<Fingerprint> issuer;
  std::optional<Bytes> issuer_key_id;
};

template <class T>
Status set_once(std::optional<T>& slot, T value, std::string_view what) {
  if (slot) return fail(ErrorCode::packet_refused, "two " + std::string(what) + " subpackets");
  slot = std::move(value);
  return ok();
}

Result<std::uint64_t> seconds_of(const Subpacket& each) {
  BodyReader reader(each.body);
  const auto seconds = TRY(reader.integer(4));
  if (!reader.at_end()) return fail(ErrorCode::packet_refused, "a time subpacket of more than four bytes");
  return seconds;
}

Status read_issuer(Claims& claims, const Subpacket& each) {
  if (each.type == subpacket::kIssuerKeyId) {
    if (each.body.size() != 8) return fail(ErrorCode::packet_refused, "an issuer key id of the wrong size");
    return set_once(claims.issuer_key_id, Bytes(each.body.begin(), each.body.end()), "issuer key id");
  }
  if (each.body.empty() || each.body[0] != 4) {
    return fail(ErrorCode::unknown_version, "a signature by a key that is not of version 4");
  }
  if (each.body.size() != 1 + Fingerprint::kBytes) {
    return fail(ErrorCode::packet_refused, "an issuer fingerprint of the wrong size");
  }
  const Fingerprint issuer = TRY(Fingerprint::from_bytes(each.body.subspan(1)));
  return set_once(claims.issuer, issuer, "issuer fingerprint");
}

Status read_hashed(Claims& claims, const Subpacket& each) {
  switch (each.type) {
    case subpacket::kCreationTime:
      return set_once(claims.created, TRY(seconds_of(each)), "creation time");
    case subpacket::kExpirationTime:
      return set_once(claims.lifetime, TRY(seconds_of(each)), "expiration time");
    case subpacket::kIssuerKeyId:
    case subpacket::kIssuerFingerprint:
      return read_issuer(claims, each);
    case subpacket::kSignersUserId:
      return ok();
    case subpacket::kKeyBlock:
      return fail(ErrorCode::packet_refused, "a certificate in the hashed area");
    default:
      break;
  }
  // RFC 4880 §5.2.3.1: who does not act on a critical subpacket must not accept the signature. A notation is never
  // interpreted here, so a critical one is refused too.
  if (each.critical) return fail(ErrorCode::packet_refused, "a critical subpacket of type " + number(each.type));
  return ok();
}

Status refuse_everywhere(const SignaturePacket& packet) {
  std::size_t notation_bytes = 0;
  for (const auto* area : {&packet.hashed, &packet.unhashed}) {
    for (const Subpacket& each : *area) {
      if (each.type == subpacket::kEmbeddedSignature) {
        return fail(ErrorCode::packet_refused, "an embedded signature");
      }
      if (each.type == subpacket::kNotation) {
        if (each.critical) return fail(ErrorCode::packet_refused, "a critical notation");
        notation_bytes += each.body.size();
      }
    }
  }
  if (notation_bytes > kNotationBytesMax) {
    return fail(ErrorCode::packet_refused, number(notation_bytes) + " bytes of notations");
  }
  return ok();
}

// The issuer as the unhashed area names it must not contradict the hashed one.
Result<Claims> read_claims(const SignaturePacket& packet) {
  Claims claims;
  for (const Subpacket& each : packet.hashed) TRY(read_hashed(claims, each));
  if (!claims.created) return fail(ErrorCode::packet_refused, "no hashed creation time");
  if (!claims.issuer && !claims.issuer_key_id) return fail(ErrorCode::packet_refused, "no hashed issuer");

  Claims unhashed;
  for (const Subpacket& each : packet.unhashed) {
    if (each.type == subpacket::kIssuerKeyId || each.type == subpacket::kIssuerFingerprint) {
      TRY(read_issuer(unhashed, each));
    }
  }
  const auto contradiction = fail(ErrorCode::packet_refused, "two different issuers");
  if (claims.issuer && unhashed.issuer && *claims.issuer != *unhashed.issuer) return contradiction;
  if (!claims.issuer) claims.issuer = unhashed.issuer;
  for (const auto& key_id : {claims.issuer_key_id, unhashed.issuer_key_id}) {
    if (!key_id) continue;
    const ByteView expected = claims.issuer ? claims.issuer->key_id() : ByteView(*claims.issuer_key_id);
    if (!std::equal(key_id->begin(), key_id->end(), expected.begin(), expected.end())) return contradiction;
  }
  return claims;
}

}  // namespace

Result<GatedSignature> SignatureReader::read(ByteView body) {
  const SignaturePacket packet = TRY(read_signature_packet(body));
  if (packet.signature_class > 0x01) {
    return fail(ErrorCode::packet_refused, "a signature of class 0x" + hex(ByteView(&packet.signature_class, 1)) +
                                               ", which is no signature over a document");
  }
  TRY(refuse_everywhere(packet));
  const Bytes tail = TRY(normalised_tail(packet));
  const Claims claims = TRY(read_claims(packet));

  GatedSignature signature;
  signature.class_ = packet.signature_class;
  signature.public_key_algorithm_ = packet.public_key_algorithm;
  signature.hash_algorithm_ = packet.hash_algorithm;
  signature.created_at_ = from_unix(static_cast<std::int64_t>(*claims.created));
  if (claims.lifetime.value_or(0) != 0) {
    signature.expires_at_ = signature.created_at_ + Seconds(static_cast<std::int64_t>(*claims.lifetime));
  }
  signature.issuer_ = claims.issuer;
  const ByteView key_id = claims.issuer ? claims.issuer->key_id() : ByteView(*claims.issuer_key_id);
  signature.issuer_key_id_.assign(key_id.begin(), key_id.end());

  // Some engines look for the key id and nothing else, so it is always there.
  Bytes unhashed;
  append_subpacket(unhashed, subpacket::kIssuerKeyId, signature.issuer_key_id_);
  Bytes normalised(packet.head.begin(), packet.head.end());
  append_integer(normalised, unhashed.size(), 2);
  append(normalised, unhashed);
  append(normalised, tail);
  append_packet(signature.packets_, tag::kSignature, normalised);
  return signature;
}

Result<GatedSignature> admit_signature(std::string_view text) {
  if (text.size() > kSignatureBytesMax) return fail(ErrorCode::message_too_large, "a signature of over 8 KiB");
  if (begins_armored("PGP PRIVATE KEY BLOCK", text)) return refuse_secret_key();
  const Bytes packets = looks_armored(text) ? TRY(dearmor("PGP SIGNATURE", text)) : Bytes(text.begin(), text.end());
  if (packets.empty()) return fail(ErrorCode::signature_missing, "there is no signature");

  PacketReader reader(packets);
  const Packet packet = TRY(reader.next());
  if (packet.tag == tag::kSecretKey || packet.tag == tag::kSecretSubkey) return refuse_secret_key();
  if (packet.tag != tag::kSignature) {
    return fail(ErrorCode::packet_refused, "a signature expected, not a " + packet_name(packet.tag));
  }
  if (!reader.at_end()) return fail(ErrorCode::packet_refused, "something stands after the signature");
  return SignatureReader::read(packet.body);
}

}  // namespace countersign::auth::openpgp
