// What an Argon2id hash costs, and the bounds within which this server hashes at all (RFC 9106 §3.1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace countersign::auth::passwords {

struct Argon2Parameters {
  std::uint32_t memory_kib = 64u << 10;
  std::uint32_t passes = 3;
  std::uint32_t lanes = 4;

  friend bool operator==(const Argon2Parameters&, const Argon2Parameters&) = default;
};

// A stored hash outside of these was not written by us: it would cost too much, or protect too little.
inline constexpr std::uint32_t kMemoryKibMin = 8u << 10;
inline constexpr std::uint32_t kMemoryKibMax = 256u << 10;
inline constexpr std::uint32_t kPassesMin = 1;
inline constexpr std::uint32_t kPassesMax = 10;
inline constexpr std::uint32_t kLanesMin = 1;
inline constexpr std::uint32_t kLanesMax = 4;
inline constexpr std::size_t kSaltBytes = 16;  // of a new hash
inline constexpr std::size_t kSaltBytesMax = 64;
inline constexpr std::size_t kTagBytes = 32;

struct PasswordPolicy {
  Argon2Parameters parameters;
  // Mixes in a key that is not on the medium: who steals the medium alone cannot even guess.
  bool pepper = false;
};

}  // namespace countersign::auth::passwords
