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

Result<auth::Fingerprint> parse_typed_fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits += c;
  }
  auto fingerprint = auth::Fingerprint::parse(digits);
  if (!fingerprint) {
    return fail(ErrorCode::usage, "a fingerprint is 40 hex digits, not \"" + std::string(text) + "\"");
  }
  if (*fingerprint == auth::Fingerprint()) return fail(ErrorCode::usage, "no key has the fingerprint " + digits);
  return fingerprint;
}

}  // namespace countersign::cli
