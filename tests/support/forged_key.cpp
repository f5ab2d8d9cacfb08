#include "tests/support/forged_key.hpp"

#include <openssl/evp.h>

#include <bit>
#include <stdexcept>

#include "tests/support/packet_builder.hpp"

namespace countersign::test {
namespace {

const EVP_MD* hash_of(std::uint8_t hash) {
  switch (hash) {
    case 1:
      return EVP_md5();
    case 2:
      return EVP_sha1();
    case 8:
      return EVP_sha256();
    case 9:
      return EVP_sha384();
    case 10:
      return EVP_sha512();
    default:
      throw std::runtime_error("a hash that is not forged here");
  }
}

Bytes digest(const EVP_MD* algorithm, ByteView bytes) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, algorithm, nullptr) != 1) {
    throw std::runtime_error("EVP_Digest failed");
  }
  return out;
}

// With the exact number of bits, as honest programs write it.
Bytes exact_mpi(ByteView value) {
  while (!value.empty() && value[0] == 0) value = value.subspan(1);
  const std::size_t bits =
      value.empty() ? 0 : (value.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(value[0]));
  return concat({integer(bits, 2), Bytes(value.begin(), value.end())});
}

// A key as signatures cover it (RFC 4880 §5.2.4).
Bytes covered_key(const Bytes& body) {
  return concat({{0x99}, integer(body.size(), 2), body});
}

}  // namespace

struct ForgedKey::Pair {
  explicit Pair(EVP_PKEY* key_in) : key(key_in) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { EVP_PKEY_free(key); }
  EVP_PKEY* const key;
};

ForgedKey::ForgedKey(Instant created_at)
    : ForgedKey(created_at, std::make_unique<Pair>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))) {}

ForgedKey::ForgedKey(Instant created_at, ByteView secret)
    : ForgedKey(created_at, std::make_unique<Pair>(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                                                secret.data(), secret.size()))) {}

ForgedKey::ForgedKey(Instant created_at, std::unique_ptr<Pair> pair) : pair_(std::move(pair)), created_at_(created_at) {
  Bytes point(32);
  std::size_t size = point.size();
  if (pair_->key == nullptr || EVP_PKEY_get_raw_public_key(pair_->key, point.data(), &size) != 1) {
    throw std::runtime_error("no Ed25519 key");
  }
  const Bytes oid = {9, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  body_ = concat({{4},
                  integer(static_cast<std::uint64_t>(unix_seconds(created_at)), 4),
                  {22},
                  oid,
                  exact_mpi(concat({{0x40}, point}))});
  fingerprint_ = auth::Fingerprint::from_bytes(digest(EVP_sha1(), covered_key(body_))).value();
}

ForgedKey::~ForgedKey() = default;

Bytes ForgedKey::sign(const ForgedSignature& what, ByteView covered) const {
  SignatureBody body;
  body.signature_class = what.signature_class;
  body.algorithm = 22;
  body.hash = what.hash;
  const ByteView fingerprint = fingerprint_.bytes();
  const ByteView key_id = fingerprint_.key_id();
  body.hashed = {subpacket(33, concat({{4}, Bytes(fingerprint.begin(), fingerprint.end())})),
                 subpacket(2, integer(static_cast<std::uint64_t>(unix_seconds(what.created_at)), 4))};
  body.hashed.insert(body.hashed.end(), what.hashed.begin(), what.hashed.end());
  body.unhashed = {subpacket(16, Bytes(key_id.begin(), key_id.end()))};
  body.unhashed.insert(body.unhashed.end(), what.unhashed.begin(), what.unhashed.end());

  const Bytes area = concat(body.hashed);
  const Bytes head = concat({{4, body.signature_class, 22, body.hash}, integer(area.size(), 2), area});
  const Bytes hash = digest(hash_of(what.hash),
                            concat({Bytes(covered.begin(), covered.end()), head, {4, 0xFF}, integer(head.size(), 4)}));

  Bytes raw(64);
  std::size_t size = raw.size();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair_->key) != 1 ||
      EVP_DigestSign(context.get(), raw.data(), &size, hash.data(), hash.size()) != 1) {
    throw std::runtime_error("Ed25519 failed");
  }
  body.tail = concat({{hash[0], hash[1]}, exact_mpi(ByteView(raw).first(32)), exact_mpi(ByteView(raw).subspan(32))});
  return body.bytes();
}

Bytes ForgedKey::sign_document(const ForgedSignature& what, std::string_view text) const {
  return packet(2, sign(what, as_bytes(text)));
}

Bytes ForgedKey::certify(const ForgedSignature& what, std::string_view user_id) const {
  return packet(2, sign(what, concat({covered_key(body_), {0xB4}, integer(user_id.size(), 4), to_bytes(user_id)})));
}

Bytes ForgedKey::sign_key(const ForgedSignature& what) const {
  return packet(2, sign(what, covered_key(body_)));
}

Bytes ForgedKey::bind(const ForgedSignature& what, const ForgedKey& subkey) const {
  return packet(2, sign(what, concat({covered_key(body_), covered_key(subkey.body_)})));
}

Bytes ForgedKey::back_signature(const ForgedKey& primary, Instant created_at, std::uint8_t hash) const {
  ForgedSignature what;
  what.signature_class = 0x19;
  what.hash = hash;
  what.created_at = created_at;
  return subpacket(32, sign(what, concat({covered_key(primary.body_), covered_key(body_)})));
}

Bytes key_flags(std::uint8_t flags) {
  return subpacket(27, {&flags, 1});
}
Bytes key_lifetime(Seconds lifetime) {
  return subpacket(9, integer(static_cast<std::uint64_t>(lifetime.count()), 4));
}

}  // namespace countersign::test
