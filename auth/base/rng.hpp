// Random bytes for nonces, tokens, ids and keys.
#pragma once

#include <cstdint>
#include <span>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth {

class Rng {
 public:
  virtual ~Rng() = default;
  // Fills all of it or fails with entropy_unavailable. Any thread at any time.
  virtual Status fill(std::span<std::uint8_t> out) = 0;
};

// OpenSSL's generator, seeded by the kernel.
class SystemRng final : public Rng {
 public:
  Status fill(std::span<std::uint8_t> out) override;
};

Result<Bytes> random_bytes(Rng& rng, std::size_t size_bytes);
Result<Secret> random_secret(Rng& rng, std::size_t size_bytes);

}  // namespace countersign::auth
