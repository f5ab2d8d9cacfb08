// The keys of a wormhole and what they close: client-protocol.md of magic-wormhole-protocols, "Key Derivation" and
// "Encryption".
//
//   derived  HKDF-SHA-256(key, purpose)
//   body     nonce (24 bytes) || secretbox: tag (16 bytes) and ciphertext, XSalsa20-Poly1305
#pragma once

#include <cstddef>
#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kWormholeKeyBytes = 32;
inline constexpr std::size_t kBoxNonceBytes = 24;
inline constexpr std::size_t kBoxOverheadBytes = kBoxNonceBytes + 16;

Secret derive_key(const Secret& key, std::string_view purpose, std::size_t size_bytes = kWormholeKeyBytes);
// Of one phase of one side: each has its own.
Secret phase_key(const Secret& key, std::string_view side, std::string_view phase);
// What both sides may read to each other to be sure that nobody is between them.
Secret verifier_of(const Secret& key);

// A body under a fresh nonce. entropy_unavailable.
Result<Bytes> close_body(const Secret& phase_key, ByteView plaintext, auth::Rng& rng);
// malformed_message for what was not closed by this key.
Result<Secret> open_body(const Secret& phase_key, ByteView body);

}  // namespace countersign::transport::wormhole
