// An attempt to log in at the pages: what a browser began, as a record that the browser keeps. Showing the form writes
// nothing here, it survives a restart, and every server that shares the secrets can go on with it.
//
// A byte string, big-endian, shown as base64url without padding; only the canonical form opens:
//
//   1   format version, 2
//   8   id of the sealing key
//   8   expires, seconds since 1970, as the challenge does
//   4   how many seconds before that it was issued
//   16  random bytes of the challenge
//   16  tag of the challenge
//   16  of the SHA-256 of the text of the browser's secret, which is in a cookie, the first
//   2+n the username that it was asked for by
//   2+n which browser asks, as the challenge's statement says it
//   16  tag: HMAC-SHA-256 over all before it, cut to 16 bytes, under HKDF(sealing key, "countersign attempt v2")
//
// So a response or a code is taken from the browser that was shown its challenge, for that challenge alone: nobody is
// logged in to an account that is not theirs by a form that another site, or another browser, sends. Who has the
// attempt without the cookie, say as the address in a command at a terminal, gets the challenge shown again, which only
// the account's key opens. Pure, but for the random bytes that it is handed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "auth/secrets/secrets.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

using BrowserMark = std::array<std::uint8_t, 16>;

struct LoginAttempt {
  Instant issued_at{};
  Instant expires_at{};
  std::array<std::uint8_t, 16> random{};  // as Challenge::random
  std::string challenge_tag;              // 32 lower-case hex digits, as SealedChallenge::tag
  BrowserMark owner{};                    // whose cookie it goes with
  std::string username;
  std::string browser;    // as Challenge::browser
  std::string code = {};  // as SealedChallenge::code; of an opened attempt
};

// 32 random bytes, base64url. entropy_unavailable.
Result<Secret> make_browser_secret(Rng& rng);
// malformed_message where a cookie's value has not that form: then another is made.
Status check_browser_secret(std::string_view secret);
BrowserMark mark_of(const Secret& secret);

std::string seal_attempt(const LoginAttempt& attempt, const secrets::SecretKey& sealing_key);
// challenge_invalid, whatever is wrong with it; the detail says what.
Result<LoginAttempt> open_attempt(std::string_view text, const secrets::Secrets& secrets);

// Pure: is it of this browser, and alive at `now`? challenge_invalid, challenge_expired.
Status judge_attempt(const LoginAttempt& attempt, const BrowserMark& browser, Instant now);

}  // namespace countersign::auth::records
