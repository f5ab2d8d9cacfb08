#include "auth/base/fingerprint.hpp"

#include <algorithm>

namespace countersign::auth {

Result<Fingerprint> Fingerprint::parse(std::string_view digits) {
  const auto bytes = from_hex(digits);
  if (!bytes) return fail(ErrorCode::malformed_message, "a fingerprint is 40 hex digits");
  return from_bytes(*bytes);
}

Result<Fingerprint> Fingerprint::from_bytes(ByteView bytes) {
  if (bytes.size() != kBytes) return fail(ErrorCode::malformed_message, "a fingerprint is 20 bytes");
  Fingerprint fingerprint;
  std::copy(bytes.begin(), bytes.end(), fingerprint.bytes_.begin());
  return fingerprint;
}

}  // namespace countersign::auth
