#include "auth/base/rng.hpp"

#include <openssl/rand.h>

namespace countersign::auth {

Status SystemRng::fill(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) return fail(ErrorCode::entropy_unavailable);
  return ok();
}

Result<Bytes> random_bytes(Rng& rng, std::size_t size_bytes) {
  Bytes out(size_bytes);
  TRY(rng.fill(out));
  return out;
}

Result<Secret> random_secret(Rng& rng, std::size_t size_bytes) {
  Secret out(size_bytes);
  TRY(rng.fill(out.writable()));
  return out;
}

}  // namespace countersign::auth
