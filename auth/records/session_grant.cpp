#include "auth/records/session_grant.hpp"

#include <array>

#include "auth/records/session.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {

Secret write_session_grant(const SessionGrant& grant) {
  std::string out(kGrantVersion);
  // Once, so that no half-written copy of the token is left behind when the string grows.
  out.reserve(1024 + grant.server.size());
  out += "\nserver: " + grant.server;
  out += "\nserver-key: " + grant.server_key.upper();
  out += "\naccount: " + grant.account;
  out += "\nsession: " + grant.session;
  out += "\nuse-before: " + format_time(grant.use_before);
  out += "\ntoken: ";
  out += grant.token.reveal_text();
  out += '\n';
  return Secret::take(out);
}

Result<SessionGrant> parse_session_grant(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kNames = {"server",  "server-key", "account",
                                                             "session", "use-before", "token"};
  if (!text.ends_with('\n')) return fail(ErrorCode::malformed_message, "a grant ends with a line end");
  const auto lines = split_lines(text);
  if (lines.front() != kGrantVersion) {
    if (lines.front().starts_with("countersign-grant-")) {
      return fail(ErrorCode::unknown_version, std::string(lines.front()));
    }
    return fail(ErrorCode::malformed_message, "not a session grant");
  }
  if (lines.size() != kNames.size() + 1) return fail(ErrorCode::malformed_message, "a grant has seven lines");
  std::array<std::string_view, kNames.size()> values;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const std::string_view line = lines[i + 1];
    if (!line.starts_with(kNames[i]) || !line.substr(kNames[i].size()).starts_with(": ")) {
      return fail(ErrorCode::malformed_message, "line '" + std::string(kNames[i]) + "' is missing");
    }
    values[i] = line.substr(kNames[i].size() + 2);
    if (values[i].empty() || values[i].front() == ' ' || values[i].back() == ' ' || has_unprintable(values[i])) {
      return fail(ErrorCode::malformed_message, std::string(kNames[i]));
    }
  }
  const auto use_before = parse_time(values[4]);
  const auto server_key = Fingerprint::parse(values[1]);
  if (!server_key || server_key->upper() != values[1] || !is_lower_hex(values[2], 64) || !is_lower_hex(values[3], 32) ||
      !use_before || !session_name(values[5])) {
    return fail(ErrorCode::malformed_message, "a value of the grant is malformed");
  }
  SessionGrant grant;
  grant.server = values[0];
  grant.server_key = *server_key;
  grant.account = values[2];
  grant.session = values[3];
  grant.use_before = *use_before;
  grant.token = Secret(as_bytes(values[5]));
  return grant;
}

}  // namespace countersign::auth::records
