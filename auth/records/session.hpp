// A session: who logged in, how, under which epoch, and until when.
//
// Kept as the sealed record `sessions/<SHA-256 of the token, hex>`; `sessions-of/<account>/<session id>` points back to
// it. The token is `cs_` and 43 base64url characters (32 random bytes), shown once and kept nowhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "auth/base/rng.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

inline constexpr std::string_view kTokenPrefix = "cs_";
// Refreshing with a token that was replaced longer ago than this ends the session; sooner, the reply was lost.
inline constexpr Seconds kReplacedTokenGrace{60};
// A session from further ahead than this was opened by a clock that was wrong, and so are its limits.
inline constexpr std::chrono::hours kCreatedAheadMax{1};

struct Session {
  std::string id;  // 32 lower-case hex digits; public, names the session to its owner
  std::string account;
  std::string username;
  std::string method;       // "key" or "password"
  std::string fingerprint;  // upper-case hex; empty unless opened by key
  std::string transport;    // "http", "browser" or "courier"
  std::uint64_t epoch = 0;
  // How often the store had been restored when it was opened; after another restore it opens nothing.
  std::int64_t restores = 0;
  Instant created_at{};
  Instant idle_expires_at{};
  Instant expires_at{};
  // Granted by courier and not used yet: its limits start at first use, which is not later than this.
  std::optional<Instant> use_before;
  // This token was replaced at that time; the record stays so that its reuse is noticed.
  std::optional<Instant> replaced_at;
};

Result<Secret> make_token(Rng& rng);
Result<std::string> make_session_id(Rng& rng);
// 32 lower-case hex digits; malformed_message. Ask before an id becomes part of a name.
Status check_session_id(std::string_view id);
// The name of the session's record: sessions/<hash>. malformed_token.
Result<std::string> session_name(std::string_view token);
std::string pointer_name(std::string_view account, std::string_view session_id);

Json write_session(const Session& session);
Result<Session> parse_session(const Json& json);

// Pure. session_replaced, session_grant_expired, session_expired.
Status judge_session(const Session& session, Instant now);
// Pure: was it opened since the store was restored last? session_expired.
Status judge_restores(const Session& session, std::int64_t restores);

}  // namespace countersign::auth::records
