#include "auth/openpgp/gate/self_signature.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "auth/openpgp/gate/packets.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

// RFC 4880 §5.2.3.1: known to every reader here, so they may be critical. Where a policy or a copy of the key is to be
// found changes nothing of what a key may do.
constexpr std::array kKnown = {
    subpacket::kCreationTime,     subpacket::kExpirationTime,    subpacket::kKeyExpirationTime,
    subpacket::kPrefersCipher,    subpacket::kIssuerKeyId,       subpacket::kPrefersHash,
    subpacket::kPrefersZip,       subpacket::kPrimaryUserId,     subpacket::kKeyFlags,
    subpacket::kFeatures,         subpacket::kEmbeddedSignature, subpacket::kIssuerFingerprint,
    subpacket::kRevocationReason, subpacket::kPolicyUrl,         subpacket::kPreferredKeyserver};

// RFC 4880 §9.4, as far as every engine has them.
constexpr std::array<std::uint8_t, 7> kHashes = {1, 2, 3, 8, 9, 10, 11};

// How long a subpacket is (RFC 4880 §5.2.3), and whether it stands only once. librnp reads nothing of a certificate in
// which one has another length.
struct Form {
  std::uint8_t type;
  std::size_t bytes_min;
  std::size_t bytes_max;
  bool once;
};
constexpr std::size_t kAnyBytes = ~std::size_t{0};
constexpr Form kForms[] = {
    {subpacket::kCreationTime, 4, 4, true},
    {subpacket::kExpirationTime, 4, 4, true},
    {subpacket::kExportable, 1, 1, true},
    {subpacket::kTrust, 2, 2, true},
    {subpacket::kRevocable, 1, 1, true},
    {subpacket::kKeyExpirationTime, 4, 4, true},
    {subpacket::kRevocationKey, 22, 22, false},
    {subpacket::kIssuerKeyId, 8, 8, true},
    {subpacket::kKeyserverPreferences, 1, kAnyBytes, true},
    {subpacket::kPrimaryUserId, 1, 1, true},
    {subpacket::kKeyFlags, 1, kAnyBytes, true},
    {subpacket::kRevocationReason, 1, kAnyBytes, true},
    {subpacket::kFeatures, 1, kAnyBytes, true},
    {subpacket::kSignatureTarget, 18, kAnyBytes, true},
    {subpacket::kIssuerFingerprint, 21, 21, true},
};

// By their algorithm (RFC 4880 §9.1, RFC 6637): all but those that only encrypt.
bool could_sign(std::uint8_t key_algorithm) {
  return key_algorithm != 2 && key_algorithm != 16 && key_algorithm != 18;
}

std::size_t count(const std::vector<Subpacket>& area, std::uint8_t type) {
  return static_cast<std::size_t>(
      std::count_if(area.begin(), area.end(), [&](const Subpacket& each) { return each.type == type; }));
}

// Flags, two lengths, a name and a value (RFC 4880 §5.2.3.16).
bool is_whole_notation(ByteView body) {
  BodyReader reader(body);
  if (!reader.integer(4)) return false;
  const auto name_bytes = reader.integer(2);
  const auto value_bytes = reader.integer(2);
  return name_bytes && value_bytes && reader.rest().size() == *name_bytes + *value_bytes;
}

Status judge_area(const std::vector<Subpacket>& hashed) {
  for (const Subpacket& each : hashed) {
    if (each.critical && std::find(kKnown.begin(), kKnown.end(), each.type) == kKnown.end()) {
      return fail(ErrorCode::packet_refused, "a critical subpacket of type " + std::to_string(each.type));
    }
    const auto form =
        std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& known) { return known.type == each.type; });
    const bool measured =
        form == std::end(kForms) || (each.body.size() >= form->bytes_min && each.body.size() <= form->bytes_max &&
                                     !(form->once && count(hashed, each.type) > 1));
    if (!measured || (each.type == subpacket::kNotation && !is_whole_notation(each.body))) {
      return fail(ErrorCode::packet_refused, "a doubtful subpacket of type " + std::to_string(each.type));
    }
  }
  if (count(hashed, subpacket::kCreationTime) == 0) return fail(ErrorCode::packet_refused, "no creation time");
  return ok();
}

Status judge_hash(std::uint8_t hash) {
  if (std::find(kHashes.begin(), kHashes.end(), hash) != kHashes.end()) return ok();
  return fail(ErrorCode::packet_refused, "hash algorithm " + std::to_string(hash));
}

// The one back signature of a binding, wherever it stands, can be read like any other self-signature.
Status judge_back_signature(const SignaturePacket& binding) {
  std::size_t found = 0;
  for (const auto* area : {&binding.hashed, &binding.unhashed}) {
    for (const Subpacket& each : *area) {
      if (each.type != subpacket::kEmbeddedSignature) continue;
      if (++found > 1) return fail(ErrorCode::packet_refused, "two back signatures");
      const SignaturePacket embedded = TRY(read_signature_packet(each.body));
      if (embedded.signature_class != 0x19) return fail(ErrorCode::packet_refused, "a back signature that is none");
      TRY(judge_hash(embedded.hash_algorithm));
      TRY(judge_area(embedded.hashed));
      TRY(normalised_tail(embedded));
      for (const Subpacket& beside : embedded.unhashed) {
        const bool key_id = beside.type == subpacket::kIssuerKeyId && beside.body.size() == 8;
        const bool fingerprint = beside.type == subpacket::kIssuerFingerprint && beside.body.size() == 21;
        if (!beside.critical && (key_id || fingerprint)) continue;
        return fail(ErrorCode::packet_refused, "a back signature with unsigned words");
      }
    }
  }
  return ok();
}

}  // namespace

bool is_revocation(std::uint8_t signature_class) {
  return signature_class == 0x20 || signature_class == 0x28 || signature_class == 0x30;
}

Result<Bytes> normalise_self_signature(const SignaturePacket& signature, const Fingerprint& primary,
                                       std::uint8_t subject_algorithm) {
  if (signature.head.size() > kSignatureBytesMax) return fail(ErrorCode::packet_refused, "it is over 8 KiB");
  TRY(judge_hash(signature.hash_algorithm));
  TRY(judge_area(signature.hashed));
  const Bytes tail = TRY(normalised_tail(signature));
  Bytes unhashed;
  append_subpacket(unhashed, subpacket::kIssuerKeyId, primary.key_id());
  if (signature.signature_class != 0x18) {
    if (count(signature.hashed, subpacket::kEmbeddedSignature) > 0) {
      return fail(ErrorCode::packet_refused, "an embedded signature");
    }
  } else {
    if (could_sign(subject_algorithm) && count(signature.hashed, subpacket::kKeyFlags) == 0) {
      return fail(ErrorCode::packet_refused, "a binding without key flags");
    }
    TRY(judge_back_signature(signature));
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

}  // namespace countersign::auth::openpgp::gate
