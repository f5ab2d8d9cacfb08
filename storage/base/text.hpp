// Text from strangers: is it UTF-8, is it normalised, may a terminal or a log line show it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign {

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// Unicode normalisation form C; nullopt when the text is not UTF-8.
std::optional<std::string> to_nfc(std::string_view text);
// A C0, DEL or C1 control, a line or paragraph separator, a bidirectional control, a zero-width or format character
// (Unicode categories Cc, Cf, Zl, Zp), an unassigned or private code point. Text that is not UTF-8 counts as
// unprintable.
bool has_unprintable(std::string_view text);
// The code points of UTF-8 text; nullopt when it is not.
std::optional<std::vector<char32_t>> code_points(std::string_view text);
std::string to_utf8(const std::vector<char32_t>& points);

// For logs and terminals: what has_unprintable names, and what is not UTF-8, becomes \xNN or \u{NNNN}; a backslash is
// doubled. Longer text is cut at `bytes_max` and ends in "...".
std::string escape_for_display(std::string_view text, std::size_t bytes_max = 256);

// At LF; a final LF ends the last line and starts none. A line keeps its CR.
std::vector<std::string_view> split_lines(std::string_view text);
// Every part, the empty ones too: n separators make n + 1.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without the blanks and tabs around it.
std::string_view trimmed(std::string_view text);
char lower_ascii(char c);
// The case of ASCII letters alone.
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Decimal digits without a sign or leading zeros, as one number is written in one way only.
std::optional<std::int64_t> parse_number(std::string_view digits);
bool is_lower_hex(std::string_view text, std::size_t digits);

}  // namespace countersign
