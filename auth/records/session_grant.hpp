// The session grant: what a courier's login is answered with, signed by the server and encrypted to the account's key,
// so that a stick, copied or stolen, opens nothing.
//
//   countersign-grant-v1
//   server: https://auth.example.org
//   server-key: <40 upper-case hex digits>
//   account: <64 lower-case hex digits>
//   session: <32 lower-case hex digits>
//   use-before: 2026-11-28T17:20:00Z
//   token: cs_<43 base64url characters>
//
// UTF-8, one LF a line, this order, no other line, final LF. Its limits start at first use, not later than
// `use-before`.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

inline constexpr std::string_view kGrantVersion = "countersign-grant-v1";

struct SessionGrant {
  std::string server;
  Fingerprint server_key;
  std::string account;
  std::string session;
  Instant use_before{};
  Secret token;  // as text, "cs_" included
};

// Holds the token in clear: a Secret until it is encrypted.
Secret write_session_grant(const SessionGrant& grant);
// Takes exactly what write_session_grant writes. unknown_version, malformed_message.
Result<SessionGrant> parse_session_grant(std::string_view text);

}  // namespace countersign::auth::records
