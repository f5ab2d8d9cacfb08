#include "cli/wrapping.hpp"

#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

std::size_t columns(std::string_view text) {
  const auto points = code_points(text);
  return points ? points->size() : text.size();
}

// Where the first line ends: the last blank that it may end at, behind its first word.
std::size_t end_of_line(std::string_view text, std::size_t width) {
  std::size_t end = std::string_view::npos;
  const std::size_t first_word = text.find_first_not_of(' ');
  for (std::size_t blank = text.find(' ', first_word); blank != std::string_view::npos;
       blank = text.find(' ', blank + 1)) {
    const bool fits = columns(text.substr(0, blank)) <= width;
    if (!fits && end != std::string_view::npos) break;
    end = blank;
    if (!fits) break;
  }
  return end;
}

}  // namespace

std::string wrapped(std::string_view line, std::size_t indent, std::size_t width) {
  std::string out;
  std::string rest(line);
  while (columns(rest) > width) {
    const std::size_t end = end_of_line(rest, width);
    if (end == std::string::npos) break;
    out += rest.substr(0, rest.find_last_not_of(' ', end) + 1) + '\n';
    const std::size_t next = rest.find_first_not_of(' ', end);
    if (next == std::string::npos) return out.substr(0, out.size() - 1);
    rest = std::string(indent, ' ') + rest.substr(next);
  }
  return out + rest;
}

}  // namespace countersign::cli
