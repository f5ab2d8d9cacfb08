#include "auth/openpgp/gate/self_signature.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace countersign::auth::openpgp {
namespace {

// RFC 4880 §5.2.3.1: known to every reader here, so they may be critical.
constexpr std::array kKnown = {
    subpacket::kCreationTime,    subpacket::kExpirationTime,    subpacket::kKeyExpirationTime,
    subpacket::kPrefersCipher,   subpacket::kIssuerKeyId,       subpacket::kPrefersHash,
    subpacket::kPrefersZip,      subpacket::kPrimaryUserId,     subpacket::kKeyFlags,
    subpacket::kFeatures,        subpacket::kEmbeddedSignature, subpacket::kIssuerFingerprint,
    subpacket::kRevocationReason};

struct Single {
  std::uint8_t type;
  std::size_t bytes_min;
  std::size_t bytes_max;
};
constexpr std::size_t kAnyBytes = ~std::size_t{0};
constexpr Single kSingles[] = {
    {subpacket::kCreationTime, 4, 4},
    {subpacket::kExpirationTime, 4, 4},
    {subpacket::kKeyExpirationTime, 4, 4},
    {subpacket::kPrimaryUserId, 1, 1},
    {subpacket::kKeyFlags, 1, kAnyBytes},
    {subpacket::kRevocationReason, 1, kAnyBytes},
    {subpacket::kEmbeddedSignature, 0, kAnyBytes},
};

bool is_revocation(std::uint8_t signature_class) {
  return signature_class == 0x20 || signature_class == 0x28 || signature_class == 0x30;
}

// By their algorithm (RFC 4880 §9.1, RFC 6637): all but those that only encrypt.
bool could_sign(std::uint8_t key_algorithm) {
  return key_algorithm != 2 && key_algorithm != 16 && key_algorithm != 18;
}

std::size_t count(const std::vector<Subpacket>& area, std::uint8_t type) {
  return static_cast<std::size_t>(
      std::count_if(area.begin(), area.end(), [&](const Subpacket& each) { return each.type == type; }));
}

Status judge_area(const std::vector<Subpacket>& hashed) {
  for (const Subpacket& each : hashed) {
    if (each.critical && std::find(kKnown.begin(), kKnown.end(), each.type) == kKnown.end()) {
      return fail(ErrorCode::packet_refused, "a critical subpacket of type " + std::to_string(each.type));
    }
  }
  for (const Single& single : kSingles) {
    for (const Subpacket& each : hashed) {
      if (each.type != single.type) continue;
      if (each.body.size() < single.bytes_min || each.body.size() > single.bytes_max || count(hashed, each.type) > 1) {
        return fail(ErrorCode::packet_refused, "a doubtful subpacket of type " + std::to_string(each.type));
      }
    }
  }
  if (count(hashed, subpacket::kCreationTime) == 0) return fail(ErrorCode::packet_refused, "no creation time");
  return ok();
}

Result<Bytes> normalise(const SignaturePacket& signature, const Fingerprint& primary, std::uint8_t subject_algorithm) {
  TRY(judge_area(signature.hashed));
  const Bytes tail = TRY(normalised_tail(signature));
  Bytes unhashed;
  append_subpacket(unhashed, subpacket::kIssuerKeyId, primary.key_id());
  if (signature.signature_class == 0x18) {
    if (could_sign(subject_algorithm) && count(signature.hashed, subpacket::kKeyFlags) == 0) {
      return fail(ErrorCode::packet_refused, "a binding without key flags");
    }
    const auto hashed_back_signatures = count(signature.hashed, subpacket::kEmbeddedSignature);
    if (hashed_back_signatures + count(signature.unhashed, subpacket::kEmbeddedSignature) > 1) {
      return fail(ErrorCode::packet_refused, "two back signatures");
    }
    for (const Subpacket& each : signature.unhashed) {
      if (each.type == subpacket::kEmbeddedSignature) append_subpacket(unhashed, each.type, each.body);
    }
  }
  Bytes body(signature.head.begin(), signature.head.end());
  append_integer(body, unhashed.size(), 2);
  append(body, unhashed);
  append(body, tail);
  return body;
}

}  // namespace

Result<std::optional<Bytes>> normalise_self_signature(const SignaturePacket& signature, const Fingerprint& primary,
                                                      std::uint8_t subject_algorithm) {
  auto body = normalise(signature, primary, subject_algorithm);
  if (body) return std::optional<Bytes>(*std::move(body));
  if (!is_revocation(signature.signature_class)) return std::optional<Bytes>();
  return fail(ErrorCode::packet_refused, "a revocation that is not understood here: " + body.error().detail);
}

}  // namespace countersign::auth::openpgp
