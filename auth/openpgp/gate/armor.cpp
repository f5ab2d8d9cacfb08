#include "auth/openpgp/gate/armor.hpp"

#include <algorithm>
#include <array>

#include "storage/base/text.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kBeginPgp = "-----BEGIN PGP ";
constexpr std::string_view kEndPgp = "-----END PGP ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kLineCharacters = 64;

std::string_view without_trailing_blanks(std::string_view text) {
  const auto last = text.find_last_not_of(kBlanks);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::string_view without_leading_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// RFC 4880 §6.1, a byte at a time: a flooded certificate is megabytes long.
constexpr std::array<std::uint32_t, 256> crc24_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte << 16;
    for (int bit = 0; bit < 8; ++bit) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= 0x1864CFB;
    }
    table[byte] = crc;
  }
  return table;
}

std::uint32_t crc24(ByteView bytes) {
  static constexpr auto kTable = crc24_table();
  std::uint32_t crc = 0xB704CE;
  for (const std::uint8_t byte : bytes) crc = ((crc << 8) & 0xFFFFFF) ^ kTable[(crc >> 16) ^ byte];
  return crc;
}

Bytes crc24_bytes(ByteView bytes) {
  Bytes out;
  append_integer(out, crc24(bytes), 3);
  return out;
}

std::string line_of(std::string_view begin, std::string_view label) {
  std::string line(begin);
  line.append(label).append(kDashes);
  return line;
}

bool is_label_character(char c) {
  return (c >= 'A' && c <= 'Z') || c == ' ';
}

bool is_boundary(std::string_view line, std::string_view begin) {
  if (!line.starts_with(begin) || !line.ends_with(kDashes) || line.size() <= begin.size() + kDashes.size())
    return false;
  line.remove_prefix(begin.size());
  line.remove_suffix(kDashes.size());
  return std::all_of(line.begin(), line.end(), is_label_character);
}

// A line that would be a BEGIN line if more of it were there.
bool is_part_of_begin(std::string_view line) {
  if (kBeginPgp.starts_with(line)) return true;
  if (!line.starts_with(kBeginPgp)) return false;
  line.remove_prefix(kBeginPgp.size());
  const auto* const dashes = std::find_if_not(line.begin(), line.end(), is_label_character);
  return static_cast<std::size_t>(line.end() - dashes) < kDashes.size() &&
         std::all_of(dashes, line.end(), [](char c) { return c == '-'; });
}

bool is_armor_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (colon + 1 < line.size() && line[colon + 1] != ' ') return false;
  return std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string enarmor(std::string_view label, ByteView packets) {
  std::string out = line_of(kBegin, label);
  out += "\n\n";
  const std::string body = base64(packets);
  for (std::size_t at = 0; at < body.size(); at += kLineCharacters) {
    out.append(body, at, kLineCharacters);
    out += '\n';
  }
  out += '=';
  out += base64(crc24_bytes(packets));
  out += '\n';
  out += line_of(kEnd, label);
  out += '\n';
  return out;
}

Result<Bytes> dearmor(std::string_view label, std::string_view text) {
  const auto lines = split_lines(without_leading_blanks(text));
  std::size_t at = 0;
  // Empty behind the last one.
  const auto line = [&] { return at < lines.size() ? without_trailing_blanks(lines[at]) : std::string_view(); };

  if (line() != line_of(kBegin, label)) {
    return fail(ErrorCode::armor_invalid, "does not begin with " + line_of(kBegin, label));
  }
  ++at;
  while (is_armor_header(line())) ++at;
  if (!line().empty()) return fail(ErrorCode::armor_invalid, "no empty line after the armor headers");
  ++at;

  std::string body;
  body.reserve(text.size());
  std::string_view checksum;
  bool ended = false;
  const std::string end = line_of(kEnd, label);
  for (; at < lines.size() && !ended; ++at) {
    const std::string_view current = line();
    if (current == end) {
      ended = true;
    } else if (!checksum.empty()) {
      return fail(ErrorCode::armor_invalid, "something stands after the checksum");
    } else if (current.size() == 5 && current.front() == '=') {
      checksum = current.substr(1);
    } else if (current.empty()) {
      return fail(ErrorCode::armor_invalid, "an empty line in the base64");
    } else {
      body += current;
    }
  }
  if (!ended) return fail(ErrorCode::armor_invalid, "the block has no end");
  for (; at < lines.size(); ++at) {
    if (!line().empty()) return fail(ErrorCode::armor_invalid, "something stands after the block");
  }

  auto bytes = from_base64(body);
  if (!bytes) return fail(ErrorCode::armor_invalid, "the base64 is not canonical");
  if (!checksum.empty() && base64(crc24_bytes(*bytes)) != checksum) {
    return fail(ErrorCode::armor_invalid, "the checksum is wrong");
  }
  return *std::move(bytes);
}

Result<Bytes> read_packets(std::string_view label, std::string_view text) {
  if (looks_armored(text)) return dearmor(label, text);
  if (holds_armor(text)) {
    return fail(ErrorCode::armor_invalid, "something stands before the block; hand in the block alone");
  }
  return to_bytes(text);
}

bool looks_armored(std::string_view text) {
  return without_leading_blanks(text).substr(0, kDashes.size()) == kDashes;
}

bool holds_armor(std::string_view text) {
  return text.find(kBeginPgp) != std::string_view::npos;
}

bool begins_a_packet(std::string_view text) {
  return !text.empty() && (static_cast<std::uint8_t>(text.front()) & 0x80U) != 0 && !is_utf8(text);
}

bool begins_armored(std::string_view label, std::string_view text) {
  const std::string begin = line_of(kBegin, label);
  return without_leading_blanks(text).substr(0, begin.size()) == begin;
}

bool is_begin_line(std::string_view line) {
  return is_boundary(line, kBeginPgp);
}

bool is_end_line(std::string_view line) {
  return is_boundary(line, kEndPgp);
}

bool is_cut_off(std::string_view text) {
  if (text.ends_with('\0')) return true;
  const auto lines = split_lines(without_leading_blanks(text));
  if (lines.empty()) return true;
  bool inside = false;
  for (const std::string_view each : lines) {
    const std::string_view line = without_trailing_blanks(each);
    inside = is_begin_line(line) || (inside && !is_end_line(line));
  }
  return inside || (!text.ends_with('\n') && is_part_of_begin(lines.back()));
}

}  // namespace countersign::auth::openpgp::gate
