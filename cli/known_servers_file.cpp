#include "cli/known_servers_file.hpp"

namespace countersign::cli {

Result<std::filesystem::path> known_servers_file(const Environment& environment) {
  // XDG base directory specification: a relative path in these variables is to be ignored.
  if (const auto config = environment.find("XDG_CONFIG_HOME"); config && config->front() == '/') {
    return std::filesystem::path(*config) / "countersign" / "known_servers";
  }
  if (const auto home = environment.find("HOME")) {
    return std::filesystem::path(*home) / ".config" / "countersign" / "known_servers";
  }
  return fail(ErrorCode::invalid_settings, "neither XDG_CONFIG_HOME nor HOME says where known servers are kept");
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') out += c;
  }
  return out;
}

}  // namespace countersign::cli
