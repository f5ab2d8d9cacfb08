#include "transport/wormhole/spake2.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "storage/base/hash.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::uint8_t kPakeSide = 'S';
constexpr std::size_t kElementBytes = crypto_core_ed25519_BYTES;
constexpr std::size_t kPasswordHashBytes = 48;

// A point whose logarithm nobody knows, by the seed "symmetric".
constexpr std::array<std::uint8_t, kElementBytes> kBlinding = {
    0x6f, 0x00, 0xda, 0xe8, 0x7c, 0x1b, 0xe1, 0xa7, 0x3b, 0x59, 0x22, 0xef, 0x43, 0x1c, 0xd8, 0xf5,
    0x78, 0x79, 0x56, 0x9c, 0x22, 0x2d, 0x22, 0xb1, 0xcd, 0x71, 0xe8, 0x54, 0x6a, 0xb8, 0xe6, 0xf1};
// L - 1, little-endian (RFC 8032 §5.1).
constexpr std::array<std::uint8_t, kElementBytes> kMinusOne = {
    0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

void start_sodium() {
  static const int kStarted = sodium_init();
  if (kStarted < 0) throw std::runtime_error("libsodium does not start");
}

// Is this the canonical encoding of a point of prime order?
bool is_element(ByteView point) {
  if (crypto_core_ed25519_is_valid_point(point.data()) != 1) return false;
  // That check of libsodium has once let points pass that are not of the subgroup (CVE-2025-69277). With a part of
  // small order, (L - 1) P is not -P, which is P with its sign turned.
  std::array<std::uint8_t, kElementBytes> negative;
  if (crypto_scalarmult_ed25519_noclamp(negative.data(), kMinusOne.data(), point.data()) != 0) return false;
  negative.back() ^= 0x80;
  return std::equal(negative.begin(), negative.end(), point.begin());
}

Digest digest_of_secret(const Secret& secret) {
  return sha256(secret.reveal());
}

}  // namespace

Result<Secret> pake_scalar(const Secret& seed) {
  start_sodium();
  if (seed.size() != kScalarSeedBytes) return fail(ErrorCode::malformed_message, "a scalar's seed has 64 bytes");
  static_assert(kScalarSeedBytes == crypto_core_ed25519_NONREDUCEDSCALARBYTES);
  Secret scalar(kScalarBytes);
  crypto_core_ed25519_scalar_reduce(scalar.writable().data(), seed.reveal().data());
  if (sodium_is_zero(scalar.reveal().data(), scalar.size()) != 0) {
    return fail(ErrorCode::malformed_message, "a scalar is not zero");
  }
  return scalar;
}

Result<Secret> draw_pake_scalar(auth::Rng& rng) {
  return pake_scalar(TRY(auth::random_secret(rng, kScalarSeedBytes)));
}

Secret password_scalar(const Secret& password) {
  start_sodium();
  const Secret hash = hkdf_sha256(password, as_bytes("SPAKE2 pw"), kPasswordHashBytes);
  Secret wide(kScalarSeedBytes);
  std::fill(wide.writable().begin(), wide.writable().end(), std::uint8_t{0});
  std::reverse_copy(hash.reveal().begin(), hash.reveal().end(), wide.writable().begin());
  Secret scalar(kScalarBytes);
  crypto_core_ed25519_scalar_reduce(scalar.writable().data(), wide.reveal().data());
  return scalar;
}

Result<Spake2> Spake2::begin(const Secret& password, std::string_view identity, const Secret& scalar) {
  start_sodium();
  if (password.empty()) return fail(ErrorCode::malformed_message, "no password");
  if (scalar.size() != kScalarBytes) return fail(ErrorCode::malformed_message, "a scalar has 32 bytes");
  Spake2 spake2;
  spake2.scalar_ = scalar;
  spake2.mask_ = Secret(kElementBytes);
  const Secret w = password_scalar(password);
  Secret own(kElementBytes);
  spake2.message_[0] = kPakeSide;
  if (crypto_scalarmult_ed25519_noclamp(spake2.mask_.writable().data(), w.reveal().data(), kBlinding.data()) != 0 ||
      crypto_scalarmult_ed25519_base_noclamp(own.writable().data(), scalar.reveal().data()) != 0 ||
      crypto_core_ed25519_add(spake2.message_.data() + 1, own.reveal().data(), spake2.mask_.reveal().data()) != 0) {
    return fail(ErrorCode::malformed_message, "not a scalar to begin with");
  }
  Digest of_password = digest_of_secret(password);
  const Digest of_identity = sha256(as_bytes(identity));
  spake2.identity_ = Secret(2 * sizeof(Digest));
  const auto out = std::copy(of_password.begin(), of_password.end(), spake2.identity_.writable().begin());
  std::copy(of_identity.begin(), of_identity.end(), out);
  sodium_memzero(of_password.data(), of_password.size());
  return spake2;
}

Result<Secret> Spake2::finish(ByteView peer_message) const {
  if (peer_message.size() != kPakeBytes || peer_message.front() != kPakeSide) {
    return fail(ErrorCode::malformed_message, "not a message of this SPAKE2");
  }
  if (std::equal(peer_message.begin(), peer_message.end(), message_.begin())) {
    return fail(ErrorCode::malformed_message, "our own SPAKE2 message, sent back");
  }
  const ByteView theirs = peer_message.subspan(1);
  const ByteView ours = ByteView(message_).subspan(1);
  if (!is_element(theirs)) return fail(ErrorCode::malformed_message, "not a point to agree on a key with");
  Secret bare(kElementBytes);
  Secret shared(kElementBytes);
  // Fails for Y = w S too, whose K would be the identity.
  if (crypto_core_ed25519_sub(bare.writable().data(), theirs.data(), mask_.reveal().data()) != 0 ||
      crypto_scalarmult_ed25519_noclamp(shared.writable().data(), scalar_.reveal().data(), bare.reveal().data()) != 0) {
    return fail(ErrorCode::malformed_message, "not a point to agree on a key with");
  }
  const bool ours_first = std::lexicographical_compare(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  Secret transcript(identity_.size() + 3 * kElementBytes);
  auto out = transcript.writable().begin();
  for (const ByteView part :
       {identity_.reveal(), ours_first ? ours : theirs, ours_first ? theirs : ours, shared.reveal()}) {
    out = std::copy(part.begin(), part.end(), out);
  }
  Digest digest = digest_of_secret(transcript);
  Secret key{ByteView(digest)};
  sodium_memzero(digest.data(), digest.size());
  return key;
}

}  // namespace countersign::transport::wormhole
