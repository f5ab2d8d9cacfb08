#include "tests/support/source_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

// As .gitignore has it.
bool is_ours(const std::string& top_level_name) {
  static const std::set<std::string, std::less<>> kOthers = {".git", "build", "var", "compile_commands.json"};
  return !kOthers.contains(top_level_name);
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The end of the literal that begins at `at` with a quotation mark; escapes are jumped over.
std::size_t literal_end(std::string_view code, std::size_t at) {
  const char mark = code[at];
  for (++at; at < code.size() && code[at] != mark && code[at] != '\n'; ++at) {
    if (code[at] == '\\') ++at;
  }
  return std::min(at + 1, code.size());
}

// R"delimiter( ... )delimiter"
std::size_t raw_literal_end(std::string_view code, std::size_t quote) {
  const std::size_t open = code.find('(', quote);
  if (open == std::string_view::npos) return code.size();
  const std::string closing = ")" + std::string(code.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t close = code.find(closing, open);
  return close == std::string_view::npos ? code.size() : close + closing.size();
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

SourceFiles read_source_tree(const std::string& root) {
  SourceFiles files;
  for (const auto& top : fs::directory_iterator(root)) {
    if (!is_ours(top.path().filename().string())) continue;
    if (top.is_regular_file()) files.push_back({top.path().filename().string(), read(top.path())});
    if (!top.is_directory()) continue;
    for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
      if (!entry.is_regular_file()) continue;
      files.push_back({entry.path().lexically_relative(root).generic_string(), read(entry.path())});
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> top_level(const SourceFiles& files) {
  std::set<std::string> names;
  for (const SourceFile& file : files) names.insert(file.path.substr(0, file.path.find('/')));
  return {names.begin(), names.end()};
}

const SourceFiles& project() {
  static const SourceFiles files = read_source_tree(COUNTERSIGN_SOURCE);
  return files;
}

bool is_code(const SourceFile& file) {
  return file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
}

bool is_product(const SourceFile& file) {
  static const std::array<std::string_view, 4> kLayers = {"storage/", "auth/", "transport/", "cli/"};
  return is_code(file) && std::any_of(kLayers.begin(), kLayers.end(),
                                      [&](std::string_view layer) { return file.path.starts_with(layer); });
}

bool is_in(const SourceFile& file, std::string_view place) {
  return place.ends_with('/') ? file.path.starts_with(place) : file.path == place;
}

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex kInclude(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"])re");
  std::vector<Include> includes;
  for (std::sregex_iterator found(file.text.begin(), file.text.end(), kInclude), end; found != end; ++found) {
    includes.push_back({(*found)[2].str(), (*found)[1].str() == "\""});
  }
  return includes;
}

std::string names_only(std::string_view code) {
  std::string names;
  for (std::size_t at = 0; at < code.size();) {
    const std::string_view rest = code.substr(at);
    const bool line_begins = names.empty() || names.back() == '\n';
    if (rest.starts_with("//") || (line_begins && rest.starts_with("#include"))) {
      at = std::min(code.find('\n', at), code.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = code.find("*/", at + 2);
      at = end == std::string_view::npos ? code.size() : end + 2;
    } else if (rest.front() == '"' && !names.empty() && names.back() == 'R') {
      at = raw_literal_end(code, at);
      names += ' ';
    } else if (rest.front() == '"' || (rest.front() == '\'' && (names.empty() || !is_word(names.back())))) {
      at = literal_end(code, at);  // a ' behind a digit separates thousands
      names += ' ';
    } else {
      names += code[at++];
    }
  }
  return names;
}

std::vector<std::string> test_cases_of(const SourceFile& file) {
  static const std::regex kTestCase(
      R"re((?:^|\n)[ \t]*(?:TEST_CASE|TEST_CASE_METHOD|TEMPLATE_TEST_CASE|SCENARIO)\s*\((?:\s*\w+\s*,)?\s*"((?:[^"\\\n]|\\.)*)")re");
  std::vector<std::string> names;
  for (std::sregex_iterator found(file.text.begin(), file.text.end(), kTestCase), end; found != end; ++found) {
    names.push_back((*found)[1].str());
  }
  return names;
}

}  // namespace countersign::test
