#include "storage/base/bytes.hpp"

#include <array>

namespace countersign {
namespace {

constexpr std::string_view kLowerDigits = "0123456789abcdef";
constexpr std::string_view kUpperDigits = "0123456789ABCDEF";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode_hex(ByteView bytes, std::string_view digits) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 0x0f]);
  }
  return out;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

using Reverse = std::array<std::int8_t, 256>;

constexpr Reverse reverse_of(std::string_view alphabet) {
  Reverse table{};
  for (auto& entry : table) entry = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

std::string encode64(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(alphabet[(bits >> held) & 0x3f]);
    }
  }
  if (held > 0) out.push_back(alphabet[(bits << (6 - held)) & 0x3f]);
  return out;
}

// Four characters at a time: certificates flooded with signatures come as megabytes of this.
std::optional<Bytes> decode64(std::string_view text, const Reverse& reverse) {
  const auto value = [&](std::size_t at) { return std::int32_t{reverse[static_cast<std::uint8_t>(text[at])]}; };
  const std::size_t rest = text.size() % 4;
  if (rest == 1) return std::nullopt;
  const std::size_t whole = text.size() - rest;
  Bytes out(whole / 4 * 3 + (rest == 0 ? 0 : rest - 1));
  std::uint8_t* to = out.data();
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::int32_t a = value(i), b = value(i + 1), c = value(i + 2), d = value(i + 3);
    if ((a | b | c | d) < 0) return std::nullopt;
    const std::uint32_t bits = static_cast<std::uint32_t>((a << 18) | (b << 12) | (c << 6) | d);
    *to++ = static_cast<std::uint8_t>(bits >> 16);
    *to++ = static_cast<std::uint8_t>(bits >> 8);
    *to++ = static_cast<std::uint8_t>(bits);
  }
  if (rest == 0) return out;
  const std::int32_t a = value(whole), b = value(whole + 1), c = rest == 3 ? value(whole + 2) : 0;
  if ((a | b | c) < 0) return std::nullopt;
  const std::uint32_t bits = static_cast<std::uint32_t>((a << 18) | (b << 12) | (c << 6));
  *to++ = static_cast<std::uint8_t>(bits >> 16);
  if (rest == 3) *to++ = static_cast<std::uint8_t>(bits >> 8);
  // The bits that no byte takes are zero in the canonical form.
  if ((bits & (rest == 3 ? 0xffu : 0xffffu)) != 0) return std::nullopt;
  return out;
}

}  // namespace

void append_integer(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::string hex(ByteView bytes) {
  return encode_hex(bytes, kLowerDigits);
}
std::string hex_upper(ByteView bytes) {
  return encode_hex(bytes, kUpperDigits);
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>((high << 4) | low));
  }
  return out;
}

std::string base64url(ByteView bytes) {
  return encode64(bytes, kBase64Url);
}

std::optional<Bytes> from_base64url(std::string_view text) {
  static constexpr Reverse kReverse = reverse_of(kBase64Url);
  return decode64(text, kReverse);
}

std::string base64(ByteView bytes) {
  std::string out = encode64(bytes, kBase64);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  static constexpr Reverse kReverse = reverse_of(kBase64);
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return decode64(text, kReverse);
}

}  // namespace countersign
