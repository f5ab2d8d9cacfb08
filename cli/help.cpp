#include "cli/help.hpp"

#include <CLI/CLI.hpp>

#include "cli/wrapping.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

constexpr std::size_t kColumnOfMeaning = 30;  // as CLI11's formatter has it
constexpr std::size_t kIndentOfMore = 6;
constexpr std::string_view kOwnCommand = "  countersign ";

bool has_meaning_in_its_column(std::string_view line) {
  return line.size() > kColumnOfMeaning && line[kColumnOfMeaning - 1] == ' ' && line[kColumnOfMeaning] != ' ';
}

// An option and its value stay together, and a command stays one that can be typed.
std::string broken_command(std::string_view line) {
  std::string glued(line);
  for (std::size_t at = glued.find(" --"); at != std::string::npos; at = glued.find(" --", at + 1)) {
    const std::size_t blank = glued.find(' ', at + 1);
    if (blank != std::string::npos && glued.compare(blank, 2, " -") != 0) glued[blank] = kGlue;
  }
  std::string out;
  for (const char c : wrapped(glued, kIndentOfMore, kColumns - 2)) {
    if (c == '\n') out += " \\";
    out += c == kGlue ? ' ' : c;
  }
  return out;
}

std::string fitted(std::string_view line) {
  if (line.size() <= kColumns) return std::string(line);
  if (line.starts_with(kOwnCommand)) return broken_command(line);
  if (has_meaning_in_its_column(line)) return wrapped(line, kColumnOfMeaning);
  return wrapped(line, line.starts_with(' ') ? kIndentOfMore : 0);
}

}  // namespace

std::string help_text(const CLI::App& app) {
  const std::string help = app.help();
  std::string out;
  for (const std::string_view line : split_lines(help)) out += fitted(line) + "\n";
  return out;
}

}  // namespace countersign::cli
