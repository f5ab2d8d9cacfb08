// SPAKE2, by which two sides that share a password agree on a key, and a stranger has one guess: symmetric, over
// Ed25519, as python-spake2 0.8 and client-protocol.md of magic-wormhole-protocols have it. It is older than RFC 9382
// and differs from it.
//
//   w        HKDF-SHA-256(password, "SPAKE2 pw", 48 bytes), big-endian, mod L
//   message  'S' || x B + w S
//   K        x (Y - w S)
//   key      SHA-256(SHA-256(password) || SHA-256(identity) || the smaller element || the larger one || K)
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kScalarSeedBytes = 64;
inline constexpr std::size_t kScalarBytes = 32;
inline constexpr std::size_t kPakeBytes = 33;
using PakeMessage = std::array<std::uint8_t, kPakeBytes>;

// The scalar of kScalarSeedBytes bytes that are random, or derived so that nobody can tell them from random ones:
// little-endian, mod L. The same bytes are the same scalar, so a side that was restarted says what it said before.
// malformed_message for another length, and for the one seed in 2^252 whose scalar is zero.
Result<Secret> pake_scalar(const Secret& seed);
Result<Secret> draw_pake_scalar(auth::Rng& rng);
// w of a password, little-endian.
Secret password_scalar(const Secret& password);

class Spake2 {
 public:
  // `scalar` is of pake_scalar and is for this password alone. `identity` is what both sides are sure of, for
  // wormholes the appid in form C. malformed_message for an empty password and for a scalar that is none.
  static Result<Spake2> begin(const Secret& password, std::string_view identity, const Secret& scalar);

  // For the other side. No secret.
  const PakeMessage& message() const { return message_; }

  // The key, of 32 bytes; whether the other side has the same shows when it uses it. malformed_message for what is no
  // message: another length or first byte, no point of the curve, an encoding that is not canonical, a point outside
  // of the subgroup of prime order, the identity, our own message sent back.
  Result<Secret> finish(ByteView peer_message) const;

 private:
  Spake2() = default;

  Secret scalar_;
  Secret mask_;      // w S
  Secret identity_;  // SHA-256(password) || SHA-256(identity)
  PakeMessage message_{};
};

}  // namespace countersign::transport::wormhole
