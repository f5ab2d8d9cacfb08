// An attempt to log in at the pages: what a browser began, as a record that the browser keeps. Showing the form writes
// nothing here, it survives a restart, and every server that shares the secrets can go on with it.
//
// A byte string, big-endian, shown as base64url without padding; only the canonical form opens:
//
//   1   format version, 1
//   8   id of the sealing key
//   8   expires, seconds since 1970
//   16  random
//   32  SHA-256 of the text of the browser's secret, which is in a cookie
//   16  tag of the sealed challenge that was shown
//   2+n where its owner wants to go afterwards, 2,048 bytes at most; empty: nowhere
//   16  tag: HMAC-SHA-256 over all before it, cut to 16 bytes, under HKDF(sealing key, "countersign attempt v1")
//
// So a response is taken from the browser that was shown its challenge, for that challenge alone: nobody is logged in
// to an account that is not theirs by a form that another site, or another browser, sends. Pure, but for the random
// bytes that it is handed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "auth/secrets/secrets.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

inline constexpr std::size_t kReturnBytesMax = 2048;

struct LoginAttempt {
  Instant expires_at{};
  std::array<std::uint8_t, 16> random{};
  Digest browser{};
  std::string challenge_tag;  // 32 lower-case hex digits, as SealedChallenge::tag
  std::string return_to;
};

// 32 random bytes, base64url. entropy_unavailable.
Result<Secret> make_browser_secret(Rng& rng);
// malformed_message where a cookie's value has not that form: then another is made.
Status check_browser_secret(std::string_view secret);
Digest browser_of(const Secret& secret);

std::string seal_attempt(const LoginAttempt& attempt, const secrets::SecretKey& sealing_key);
// challenge_invalid, whatever is wrong with it; the detail says what.
Result<LoginAttempt> open_attempt(std::string_view text, const secrets::Secrets& secrets);

// Pure: is it alive at `now`, of this browser, and was it this challenge that was shown? challenge_expired,
// challenge_invalid.
Status judge_attempt(const LoginAttempt& attempt, const Digest& browser, std::string_view challenge_tag, Instant now);

}  // namespace countersign::auth::records
