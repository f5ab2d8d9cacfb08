#include "storage/base/text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <utf8proc.h>

#include <charconv>
#include <cstdlib>
#include <iterator>
#include <memory>

namespace countersign {
namespace {

// The next code point, and how many bytes it took; negative when there is none that is well formed.
utf8proc_ssize_t next(std::string_view text, utf8proc_int32_t& point) {
  return utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                          static_cast<utf8proc_ssize_t>(text.size()), &point);
}

bool unprintable(utf8proc_int32_t point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<std::vector<char32_t>> code_points(std::string_view text) {
  std::vector<char32_t> out;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto size = next(text, point);
    if (size <= 0) return std::nullopt;
    out.push_back(static_cast<char32_t>(point));
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return out;
}

std::string to_utf8(const std::vector<char32_t>& points) {
  std::string out;
  for (const char32_t point : points) {
    utf8proc_uint8_t encoded[4];
    const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), encoded);
    out.append(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto size = next(text, point);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::optional<std::string> to_nfc(std::string_view text) {
  utf8proc_uint8_t* out = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
  if (size < 0) return std::nullopt;
  const auto bytes = static_cast<std::size_t>(size);
  std::string normal(reinterpret_cast<const char*>(out), bytes);
  OPENSSL_cleanse(out, bytes);  // it may be a password
  return normal;
}

bool has_unprintable(std::string_view text) {
  const auto points = code_points(text);
  if (!points) return true;
  for (const char32_t point : *points) {
    if (unprintable(static_cast<utf8proc_int32_t>(point))) return true;
  }
  return false;
}

std::string escape_for_display(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto size = next(text, point);
    std::string piece;
    if (size <= 0) {
      piece = fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (point == '\\') {
      piece = "\\\\";
    } else if (unprintable(point)) {
      piece = point < 0x80 ? fmt::format("\\x{:02x}", point) : fmt::format("\\u{{{:x}}}", point);
    } else {
      piece = std::string(text.substr(0, static_cast<std::size_t>(size)));
    }
    if (out.size() + piece.size() > bytes_max) return out + "...";
    out += piece;
    text.remove_prefix(size <= 0 ? 1 : static_cast<std::size_t>(size));
  }
  return out;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

char lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

std::optional<std::int64_t> parse_number(std::string_view digits) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || number < 0 || std::to_string(number) != digits) return std::nullopt;
  return number;
}

bool is_lower_hex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return false;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace countersign
