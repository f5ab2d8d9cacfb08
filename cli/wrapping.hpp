// Text that fits a terminal of 80 columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace countersign::cli {

inline constexpr std::size_t kColumns = 80;

// A line that is too long is broken at blanks; what follows is indented by so many. A word that is longer than a line
// stays whole. Without an LF at its end.
std::string wrapped(std::string_view line, std::size_t indent, std::size_t width = kColumns);

}  // namespace countersign::cli
