// Text that fits a terminal of 80 columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace countersign::cli {

inline constexpr std::size_t kColumns = 80;
inline constexpr char kGlue = '\x1f';  // in place of a blank that no line is to end at

// A line that is too long is broken at blanks; what follows is indented by so many. A word that is longer than a line
// stays whole. Without an LF at its end.
std::string wrapped(std::string_view line, std::size_t indent, std::size_t width = kColumns);

// What is said to a person, line by line: each is broken at blanks as above, and goes on as far in as it began, the
// first one two further. What is to be copied stays whole: what stands between backticks or quotes, a command behind
// `run: `, and a line that is a command.
std::string wrapped_talk(std::string_view text, std::size_t width = kColumns);

}  // namespace countersign::cli
