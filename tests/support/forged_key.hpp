// An Ed25519 key whose packets a test writes by itself: certificates and signatures that no program would make.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/time.hpp"

namespace countersign::test {

struct ForgedSignature {
  std::uint8_t signature_class = 0x00;
  std::uint8_t hash = 8;  // RFC 4880 §9.4: 1 MD5, 2 SHA-1, 8 SHA-256, 10 SHA-512
  Instant created_at{};
  std::vector<Bytes> hashed;    // besides creation time and issuer fingerprint
  std::vector<Bytes> unhashed;  // besides the issuer key id
};

class ForgedKey {
 public:
  // A new random key that says it was made at that time.
  explicit ForgedKey(Instant created_at);
  // The key that has this secret scalar (32 bytes), made at that time.
  ForgedKey(Instant created_at, ByteView secret);
  ~ForgedKey();
  ForgedKey(const ForgedKey&) = delete;
  ForgedKey& operator=(const ForgedKey&) = delete;

  const Bytes& body() const { return body_; }  // of the public key packet
  const auth::Fingerprint& fingerprint() const { return fingerprint_; }
  Instant created_at() const { return created_at_; }

  // The body of a signature packet, cryptographically right, over these bytes.
  Bytes sign(const ForgedSignature& what, ByteView covered) const;
  // Whole packets: a signature over a document, a user id, this key itself, and a subkey of this primary.
  Bytes sign_document(const ForgedSignature& what, std::string_view text) const;
  Bytes certify(const ForgedSignature& what, std::string_view user_id) const;
  Bytes sign_key(const ForgedSignature& what) const;
  Bytes bind(const ForgedSignature& what, const ForgedKey& subkey) const;
  // The subpacket that says: this subkey agrees to be one of that primary.
  Bytes back_signature(const ForgedKey& primary, Instant created_at, std::uint8_t hash = 8) const;

 private:
  struct Pair;
  ForgedKey(Instant created_at, std::unique_ptr<Pair> pair);
  std::unique_ptr<Pair> pair_;
  Instant created_at_;
  Bytes body_;
  auth::Fingerprint fingerprint_;
};

// Subpackets of self-signatures.
Bytes key_flags(std::uint8_t flags);  // 1 certify, 2 sign, 12 encrypt
Bytes key_lifetime(Seconds lifetime);

}  // namespace countersign::test
