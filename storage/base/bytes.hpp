// Byte strings and the encodings that names, records and messages use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace countersign {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
inline std::string to_string(ByteView bytes) {
  return std::string(as_text(bytes));
}

inline void append(Bytes& out, ByteView more) {
  out.insert(out.end(), more.begin(), more.end());
}
// Big-endian, `width` bytes.
void append_integer(Bytes& out, std::uint64_t value, std::size_t width);

// Lower-case hex.
std::string hex(ByteView bytes);
// Upper-case hex, as fingerprints are written.
std::string hex_upper(ByteView bytes);
// Either case; nothing but an even number of digits.
std::optional<Bytes> from_hex(std::string_view text);

// RFC 4648 §5 without padding. Decoding takes the canonical form only: no padding, no blanks, unused bits zero.
std::string base64url(ByteView bytes);
std::optional<Bytes> from_base64url(std::string_view text);

// RFC 4648 §4 with padding, strict and canonical, no line ends.
std::string base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace countersign
