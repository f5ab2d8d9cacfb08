#include "storage/base/shell.hpp"

#include <algorithm>

namespace countersign {
namespace {

bool is_plain_in_shell(std::string_view word) {
  return !word.empty() && word.front() != '-' && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:/@+").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string quoted_for_shell(std::string_view word) {
  if (is_plain_in_shell(word)) return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace countersign
