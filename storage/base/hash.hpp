// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869), by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>

#include "storage/base/bytes.hpp"
#include "storage/base/secret.hpp"

namespace countersign {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(ByteView bytes);
// Only where a format names it: version 4 OpenPGP fingerprints (RFC 4880 §12.2). It proves nothing.
std::array<std::uint8_t, 20> sha1(ByteView bytes);
// An empty key is a secret that was never loaded, not a key: whoever is given one throws std::runtime_error rather than
// compute with it.
//
// A key made ready for many messages. Any thread at any time.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(const Secret& key);
  // Of the pieces one after the other, as if they were one message.
  Digest tag(std::initializer_list<ByteView> pieces) const;

 private:
  friend class HmacSha256;
  ByteView inner() const;
  ByteView outer() const;

  Secret pads_;  // inner and outer, a block each: where a prepared hash state would lie on the ordinary heap
};
// For one message.
Digest hmac_sha256(const Secret& key, ByteView message);
// For one message that comes in pieces, over time.
class HmacSha256 {
 public:
  explicit HmacSha256(const Secret& key);
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;
  void add(ByteView piece);
  Digest finish();  // once, and nothing after it

 private:
  struct State;
  std::unique_ptr<State> state_;
};
// Extract (empty salt) and expand. `info` says what the result is for, and nothing else may use the same one.
Secret hkdf_sha256(const Secret& key, ByteView info, std::size_t size_bytes);

}  // namespace countersign
