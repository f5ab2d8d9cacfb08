// The packet gate: strict de-armoring and a packet walk with an allow-list per role, in front of every engine.
//
// No engine ever sees an armor header, a compressed packet, a secret key, a second certificate or a packet it has no
// business with. What passes comes out as normalised binary in a type that only the gate can make, and the engines take
// nothing else. Formats: RFC 4880 §4 (packets), §5.2 (signatures), §5.5 (keys), §6 (armor). Pure: no clock, no I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp::gate {

inline constexpr std::size_t kSignatureBytesMax = 8u << 10;
inline constexpr std::size_t kCertificateReadBytesMax = 128u << 10;     // by HTTP and from a stick
inline constexpr std::size_t kCertificateLocalReadBytesMax = 4u << 20;  // from a local file
inline constexpr std::size_t kCertificateKeptBytesMax = 64u << 10;      // after foreign signatures are dropped
inline constexpr std::size_t kCertificateKeptPacketsMax = 64;

// One certificate: one primary public key, its user ids, subkeys and signatures by the key itself.
//
// Dropped on the way, since anyone could have put them there or nothing here reads them: signatures that do not name
// the key as their issuer, that do not fit the part they stand behind, or that two readers could understand differently
// (self_signature.hpp), or that stood there before; what their unhashed areas say besides issuer and back signature;
// user attributes; subkeys of unknown versions, algorithms and curves; user ids and subkeys that no signature is left
// of; marker, trust and padding packets, and those of tags for private use (RFC 4880 §5.8, §5.10; RFC 9580 §4.3,
// §5.14). A revocation by another key (a designated revoker) goes the same way: a revocation counts when the key itself
// made it. One in its name that is not understood here is refused, and so is a user id or key that stands twice.
class GatedCertificate {
 public:
  const Bytes& packets() const { return packets_; }
  const Fingerprint& fingerprint() const { return fingerprint_; }  // of the primary key
  // Armored again, without headers: what is stored and shown.
  std::string armored() const;
  // What its owner may miss in it, and why it was dropped; foreign signatures are not told of. In English, each once.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  friend Result<GatedCertificate> admit_certificate(ByteView packets, std::size_t read_bytes_max);
  GatedCertificate(Bytes packets, Fingerprint fingerprint, std::vector<std::string> left_out)
      : packets_(std::move(packets)), fingerprint_(fingerprint), left_out_(std::move(left_out)) {}
  Bytes packets_;
  Fingerprint fingerprint_;
  std::vector<std::string> left_out_;
};

// One version 4 signature packet of class 0x00 or 0x01, with what its hashed area says. Of the unhashed area nothing
// but the issuer's key id is left: it is not signed, so no engine sees it.
class GatedSignature {
 public:
  const Bytes& packets() const { return packets_; }
  std::uint8_t signature_class() const { return class_; }
  std::uint8_t public_key_algorithm() const { return public_key_algorithm_; }  // RFC 4880 §9.1
  std::uint8_t hash_algorithm() const { return hash_algorithm_; }              // RFC 4880 §9.4
  Instant created_at() const { return created_at_; }
  // When the signature itself says it ends (RFC 4880 §5.2.3.10); nothing where it does not.
  const std::optional<Instant>& expires_at() const { return expires_at_; }
  // The issuer's fingerprint where the signature names it, else nothing.
  const std::optional<Fingerprint>& issuer() const { return issuer_; }
  // The issuer's key id, eight bytes; always there, and never another than the fingerprint's.
  ByteView issuer_key_id() const { return issuer_key_id_; }

 private:
  friend class SignatureReader;  // gate/signature_packet.hpp
  GatedSignature() = default;
  Bytes packets_;
  std::uint8_t class_ = 0;
  std::uint8_t public_key_algorithm_ = 0;
  std::uint8_t hash_algorithm_ = 0;
  Instant created_at_{};
  std::optional<Instant> expires_at_;
  std::optional<Fingerprint> issuer_;
  Bytes issuer_key_id_;
};

// One version 4 signature packet of class 0x20, a key's revocation of itself (RFC 4880 §5.2.1). Whether it is one is
// the engine's to say, of the certificate that revoked_certificate makes.
class GatedRevocation {
 public:
  const Bytes& packets() const { return packets_; }
  Instant created_at() const { return created_at_; }
  // Does it name this key as its issuer, by fingerprint or by key id?
  bool is_by(const Fingerprint& fingerprint) const;
  // RFC 4880 §5.2.3.23: 0 none, 1 superseded, 2 compromised, 3 retired; 0 where it says nothing. The text is foreign.
  std::uint8_t reason() const { return reason_; }
  const std::string& text() const { return text_; }

 private:
  friend class SignatureReader;
  GatedRevocation() = default;
  Bytes packets_;
  Instant created_at_{};
  std::optional<Fingerprint> issuer_;
  std::array<std::uint8_t, 8> issuer_key_id_{};
  std::uint8_t reason_ = 0;
  std::string text_;
};

// Armored or binary. Fails with message_too_large (with the hint `gpg --export-options export-minimal --export`),
// armor_invalid, secret_key_handed_in, unknown_version (version 6, named), packet_refused, certificate_refused.
Result<GatedCertificate> admit_certificate(std::string_view text, std::size_t read_bytes_max);
// What is known to be packets. Text is told from packets by how it begins, and packets can hold anything, a user id
// that reads like armor too.
Result<GatedCertificate> admit_certificate(ByteView packets, std::size_t read_bytes_max);

// What two copies of one certificate say together: no part and no signature of either is lost, the former's come first.
// certificate_refused where they are of two keys, message_too_large where it is more than is kept.
Result<GatedCertificate> merge_certificates(const GatedCertificate& former, const GatedCertificate& copy);

// Armored or binary; exactly one signature, with a hashed creation time and an issuer (fingerprint or key id, in either
// area: it is a hint at which key to verify with), no critical subpacket but these, an expiration time, the signer's
// user id or the address of a policy or key server, no critical notation, at most 256 bytes of others, no embedded
// signature. Fails with message_too_large, armor_invalid, signature_missing, unknown_version, secret_key_handed_in,
// packet_refused.
Result<GatedSignature> admit_signature(std::string_view text);
Result<GatedSignature> admit_signature(ByteView packets);

// Armored (as a signature, or as a public key block, which is what gpg --gen-revoke writes) or binary; exactly one
// signature of class 0x20, with a hashed creation time and an issuer, without an end, else as a signature. Fails as
// admit_signature does.
Result<GatedRevocation> admit_revocation(std::string_view text);

// The certificate with the revocation behind its primary key. signature_by_another_key where it names another issuer;
// message_too_large.
Result<GatedCertificate> revoked_certificate(const GatedCertificate& certificate, const GatedRevocation& revocation);

// The answer to a secret key, in every role: secret_key_handed_in, with a text that tells the owner what to do now.
tl::unexpected<Error> refuse_secret_key();

}  // namespace countersign::auth::openpgp::gate
