#include "storage/base/text_encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <istream>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/secret.hpp"
#include "storage/base/text.hpp"

namespace countersign {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16LittleMark = "\xFF\xFE";
constexpr std::string_view kUtf16BigMark = "\xFE\xFF";
constexpr std::size_t kUnitBytes = 2;
constexpr std::size_t kUnitsSeen = 8;     // that many tell UTF-16 from anything else
constexpr std::size_t kUnitsSeenMin = 2;  // where there are no more

enum class ByteOrder { little, big };

std::string_view name_of(ByteOrder order) {
  return order == ByteOrder::little ? "UTF-16LE" : "UTF-16BE";
}

std::uint32_t unit_at(std::string_view bytes, std::size_t at, ByteOrder order) {
  const std::uint32_t first = static_cast<std::uint8_t>(bytes[at]);
  const std::uint32_t second = static_cast<std::uint8_t>(bytes[at + 1]);
  return order == ByteOrder::little ? first | (second << 8U) : (first << 8U) | second;
}

bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

Result<std::string> decode_utf16(std::string_view bytes, ByteOrder order) {
  if (bytes.size() % kUnitBytes != 0) {
    return fail(ErrorCode::file_incomplete, "UTF-16 that ends inside a character: copy the file again");
  }
  std::string out;
  out.reserve(bytes.size() / kUnitBytes * 3);  // at most: once, as a growing one would leave copies behind
  std::vector<char32_t> one(1);
  for (std::size_t at = 0; at < bytes.size(); at += kUnitBytes) {
    std::uint32_t point = unit_at(bytes, at, order);
    if (is_high_surrogate(point) && at + kUnitBytes < bytes.size() &&
        is_low_surrogate(unit_at(bytes, at + kUnitBytes, order))) {
      at += kUnitBytes;
      point = 0x10000 + ((point - 0xD800) << 10U) + (unit_at(bytes, at, order) - 0xDC00);
    } else if (is_high_surrogate(point) || is_low_surrogate(point)) {
      wipe(out);
      return fail(ErrorCode::file_refused,
                  "UTF-16 with half a surrogate pair: save the file as UTF-8, or `iconv -c -f UTF-16 -t UTF-8`");
    }
    one.front() = static_cast<char32_t>(point);
    out += to_utf8(one);
  }
  return out;
}

// ASCII in UTF-16 has a NUL in every unit, always on the same side. Zeros alone are what a copy that was cut off
// leaves.
bool looks_like(std::string_view bytes, ByteOrder order) {
  const std::size_t units = std::min(bytes.size() / kUnitBytes, kUnitsSeen);
  if (units < kUnitsSeenMin) return false;
  for (std::size_t at = 0; at < units * kUnitBytes; at += kUnitBytes) {
    const std::uint32_t unit = unit_at(bytes, at, order);
    if (unit == 0 || unit > 0x7F) return false;
  }
  return true;
}

bool is_marked_utf16(std::string_view bytes) {
  return bytes.starts_with(kUtf16LittleMark) || bytes.starts_with(kUtf16BigMark);
}

Result<std::string> decode_marked_utf16(std::string& bytes) {
  const ByteOrder order = bytes.starts_with(kUtf16LittleMark) ? ByteOrder::little : ByteOrder::big;
  auto text = decode_utf16(std::string_view(bytes).substr(kUnitBytes), order);
  wipe(bytes);
  return text;
}

}  // namespace

bool is_encoded(std::string_view bytes) {
  return is_marked_utf16(bytes) || bytes.starts_with(kUtf8Mark) || looks_like(bytes, ByteOrder::little) ||
         looks_like(bytes, ByteOrder::big);
}

Result<std::string> decode_text(std::string bytes) {
  if (is_marked_utf16(bytes)) return decode_marked_utf16(bytes);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    if (!looks_like(bytes, order)) continue;
    wipe(bytes);
    return fail(ErrorCode::file_refused, "UTF-16 without a byte order mark; mend it with `iconv -f " +
                                             std::string(name_of(order)) + " -t UTF-8`");
  }
  if (bytes.starts_with(kUtf8Mark)) bytes.erase(0, kUtf8Mark.size());
  return bytes;
}

std::optional<Result<std::string>> TextLines::next(std::size_t bytes_max) {
  std::string line;
  if (!take(line, bytes_max)) return std::nullopt;
  auto text = decode_text(std::move(line));
  if (text && text->ends_with('\r')) text->pop_back();
  return text;
}

// UTF-16 ends a line by the unit of an LF, whose bytes are parts of other characters too. So it is read by units, and
// each line gets the mark that stands before the first one alone.
bool TextLines::take(std::string& line, std::size_t bytes_max) {
  if (!std::exchange(begun_, true)) {
    ahead_.resize(kUnitBytes);
    in_.read(ahead_.data(), kUnitBytes);
    ahead_.resize(static_cast<std::size_t>(in_.gcount()));
    if (is_marked_utf16(ahead_)) std::swap(mark_, ahead_);
  }
  std::string line_end = "\n";
  if (mark_ == kUtf16LittleMark) line_end += '\0';
  if (mark_ == kUtf16BigMark) line_end.insert(0, 1, '\0');
  line = mark_;
  bool any = false;
  std::string unit;
  for (char c = 0; get(c);) {
    any = true;
    unit += c;
    if (unit.size() < line_end.size()) continue;
    if (unit == line_end) return true;
    if (line.size() <= bytes_max * line_end.size() + mark_.size()) line += unit;
    unit.clear();
  }
  line += unit;
  return any;
}

bool TextLines::get(char& c) {
  if (ahead_.empty()) return static_cast<bool>(in_.get(c));
  c = ahead_.front();
  ahead_.erase(0, 1);
  return true;
}

}  // namespace countersign
