#include "cli/wrapping.hpp"

#include <algorithm>
#include <iterator>

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

// Programs that this one tells people to run, and no word of a sentence begins a line like them.
constexpr std::string_view kPrograms[] = {"countersign ", "gpg ", "mv ", "shred ", "chmod ", "cp ", "iconv ", "sudo "};
constexpr std::string_view kToRun[] = {"run: ", "run first: "};
constexpr std::size_t kIndentOfFirst = 2;

bool is_command(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return std::any_of(std::begin(kPrograms), std::end(kPrograms),
                     [&](std::string_view program) { return line.starts_with(program); });
}

// An apostrophe within a word opens nothing.
bool opens(std::string_view line, std::size_t at) {
  if (line[at] == '`') return true;
  const bool is_quote = line[at] == '\'' || line[at] == '"';
  return is_quote && (at == 0 || std::string_view(" =(").find(line[at - 1]) != std::string_view::npos);
}

bool closes(std::string_view line, std::size_t at, char opened) {
  if (line[at] != opened) return false;
  return opened == '`' || at + 1 == line.size() ||
         std::string_view(" ,;:.)?").find(line[at + 1]) != std::string_view::npos;
}

// Where that which begins at `from` and is to be copied whole ends; `from` where nothing begins there.
std::size_t end_of_whole(std::string_view line, std::size_t from) {
  for (const std::string_view word : kToRun) {
    if (!line.substr(from).starts_with(word)) continue;
    return std::min({line.size(), line.find("; ", from), line.find(", ", from)});
  }
  if (!opens(line, from)) return from;
  for (std::size_t at = from + 1; at < line.size(); ++at) {
    if (closes(line, at, line[from])) return at;
  }
  return from;
}

std::string glued(std::string_view line) {
  std::string out(line);
  for (std::size_t from = 0; from < line.size(); ++from) {
    const std::size_t end = end_of_whole(line, from);
    if (end == from) continue;
    // "run:" itself may end a line.
    const std::size_t begin = line[from] == 'r' ? line.find(": ", from) + 2 : from;
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.begin() + static_cast<std::ptrdiff_t>(end), ' ',
                 kGlue);
    from = end;
  }
  return out;
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

std::string wrapped_talk(std::string_view text, std::size_t width) {
  std::string out;
  bool is_first = true;
  for (const std::string_view line : split_lines(text)) {
    if (!is_first) out += '\n';
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    out +=
        is_command(line) ? std::string(line) : wrapped(glued(line), is_first ? indent + kIndentOfFirst : indent, width);
    is_first = false;
  }
  std::replace(out.begin(), out.end(), kGlue, ' ');
  return text.ends_with('\n') ? out + '\n' : out;
}

}  // namespace countersign::cli
