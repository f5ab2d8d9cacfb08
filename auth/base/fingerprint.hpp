// The OpenPGP fingerprint of a primary key or subkey, version 4: 20 bytes (RFC 4880 §12.2).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth {

class Fingerprint {
 public:
  static constexpr std::size_t kBytes = 20;

  Fingerprint() = default;  // all zero: no key has it
  // 40 hex digits, either case, nothing else; malformed_message.
  static Result<Fingerprint> parse(std::string_view digits);
  static Result<Fingerprint> from_bytes(ByteView bytes);

  ByteView bytes() const { return bytes_; }
  std::string upper() const { return hex_upper(bytes_); }  // as people and statements write it
  std::string lower() const { return hex(bytes_); }        // as names on the medium write it
  // The low 8 bytes (RFC 4880 §12.2).
  ByteView key_id() const { return ByteView(bytes_).subspan(12); }

  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

}  // namespace countersign::auth
