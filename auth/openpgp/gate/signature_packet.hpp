// A version 4 signature packet and its subpackets (RFC 4880 §5.2.3). For the gate's own files. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

// RFC 4880 §5.2.3.1; 33: RFC 9580 §5.2.3.35; 38: LibrePGP draft, "Key Block".
namespace subpacket {
inline constexpr std::uint8_t kCreationTime = 2;
inline constexpr std::uint8_t kExpirationTime = 3;
inline constexpr std::uint8_t kExportable = 4;
inline constexpr std::uint8_t kTrust = 5;
inline constexpr std::uint8_t kRevocable = 7;
inline constexpr std::uint8_t kKeyExpirationTime = 9;
inline constexpr std::uint8_t kPrefersCipher = 11;
inline constexpr std::uint8_t kRevocationKey = 12;
inline constexpr std::uint8_t kIssuerKeyId = 16;
inline constexpr std::uint8_t kNotation = 20;
inline constexpr std::uint8_t kPrefersHash = 21;
inline constexpr std::uint8_t kPrefersZip = 22;
inline constexpr std::uint8_t kKeyserverPreferences = 23;
inline constexpr std::uint8_t kPreferredKeyserver = 24;
inline constexpr std::uint8_t kPrimaryUserId = 25;
inline constexpr std::uint8_t kPolicyUrl = 26;
inline constexpr std::uint8_t kKeyFlags = 27;
inline constexpr std::uint8_t kSignersUserId = 28;
inline constexpr std::uint8_t kRevocationReason = 29;
inline constexpr std::uint8_t kFeatures = 30;
inline constexpr std::uint8_t kSignatureTarget = 31;
inline constexpr std::uint8_t kEmbeddedSignature = 32;
inline constexpr std::uint8_t kIssuerFingerprint = 33;
inline constexpr std::uint8_t kKeyBlock = 38;
inline constexpr std::uint8_t kSuccession = 100;  // ours, of those for private use: auth/records/succession.hpp
}  // namespace subpacket

struct Subpacket {
  std::uint8_t type = 0;
  bool critical = false;
  ByteView body;
};

// Views into the packet that was read.
struct SignaturePacket {
  std::uint8_t signature_class = 0;
  std::uint8_t public_key_algorithm = 0;
  std::uint8_t hash_algorithm = 0;
  ByteView head;  // version to the end of the hashed area: what the signature covers
  std::vector<Subpacket> hashed;
  std::vector<Subpacket> unhashed;
  ByteView tail;  // the left 16 bits of the hash, and the integers
};

// unknown_version (any but 4, by name), packet_refused. The tail is not looked into.
Result<SignaturePacket> read_signature_packet(ByteView body);

// Does the signature say that the key of this fingerprint made it? Issuer fingerprints, hashed or not, decide where
// there are any, else issuer key ids.
bool names_issuer(const SignaturePacket& packet, const Fingerprint& fingerprint);

// The left 16 bits of the hash and the integers, each with its exact number of bits, so that a signature has one form.
// packet_refused, also where the algorithm does not sign.
Result<Bytes> normalised_tail(const SignaturePacket& packet);

// When it says, in its hashed area, that it was made; nothing where it does not. packet_refused.
Result<std::optional<Instant>> creation_time(const SignaturePacket& packet);

// By its own hashed words: was it made by `now`, and has it not expired? False where it does not say when it was made.
bool holds_at(const SignaturePacket& packet, Instant now);

// The body of a subpacket with its length and type, as it stands in an area.
void append_subpacket(Bytes& area, std::uint8_t type, ByteView body);

// Turns the body of a signature packet into what its role lets through. What stands in the unhashed area is not signed
// and goes no further, except the issuer.
class SignatureReader {
 public:
  static Result<GatedSignature> read(ByteView body);
  static Result<GatedRevocation> read_revocation(ByteView body);
};

}  // namespace countersign::auth::openpgp::gate
