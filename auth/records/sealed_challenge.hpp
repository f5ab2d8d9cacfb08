// The sealed challenge: a challenge that carries its own state, so that issuing one writes nothing.
//
// A byte string, big-endian, shown as base64url without padding; only the canonical form opens:
//
//   1   format version, 1
//   8   id of the sealing key
//   1   purpose (1 login, 2 enrol, 3 rotate, 4 revoke, 5 password)
//   1   transport (1 http, 2 courier, 3 browser)
//   32  account id
//   20  fingerprint of the account's key
//   8   the account's epoch, XOR HKDF(sealing key, "countersign epoch v1" ‖ random)
//   8   issued, seconds since 1970
//   8   expires, seconds since 1970
//   16  random
//   32  context: SHA-256(store id ‖ 0x00 ‖ server name), and of a store that was restored ‖ 0x00 ‖ how often, 8 bytes
//   20  fingerprint of the server's key
//   2+n purpose-specific text: the username (enrol; login where it was asked for by one), new fingerprint or reason
//   2+n of a browser's alone: which browser asks, as the statement says it
//   16  tag: HMAC-SHA-256 over all before it, cut to 16 bytes, under HKDF(sealing key, "countersign challenge v1")
//
// The nonce is HKDF(sealing key, "countersign nonce v1" ‖ the whole string), 32 bytes: stored nowhere, sent only inside
// the encrypted challenge. The code, by which a terminal's login is told to the browser that asked for it, is likewise
// HKDF(sealing key, "countersign code v1" ‖ tag). Pure, but for the random bytes it is handed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/records/statement.hpp"
#include "auth/secrets/secrets.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::records {

struct Challenge {
  Purpose purpose = Purpose::login;
  Transport transport = Transport::http;
  std::string account;  // the account id
  Fingerprint key;
  std::uint64_t epoch = 0;
  Instant issued_at{};
  Instant expires_at{};
  std::array<std::uint8_t, 16> random{};
  Digest context{};
  Fingerprint server_key;
  // What belongs to the purpose, 512 bytes at most: a login's is the username that it was asked for by, or nothing.
  std::string extra;
  std::string browser = {};  // with Transport::browser, kBrowserBytesMax at most
};

inline constexpr std::size_t kBrowserBytesMax = 160;

// The longest life that a challenge can be given.
inline constexpr Seconds kChallengeLifetimeMax = std::chrono::days(30);

struct SealedChallenge {
  std::string text;       // base64url
  std::string tag;        // 32 lower-case hex digits: the name of the consumed marker
  std::string nonce;      // base64url
  std::string code = {};  // with Transport::browser
};

struct OpenedChallenge {
  Challenge challenge;
  SealedChallenge sealed;
};

// Of the challenge of that tag, sealed by that key: 8 decimal digits.
std::string code_of(std::string_view tag, const secrets::SecretKey& sealing_key);

// A challenge from before a restore is another store's.
Digest context_of(ByteView store_id, std::string_view server_name, std::int64_t restores = 0);

SealedChallenge seal_challenge(const Challenge& challenge, const secrets::SecretKey& sealing_key);
// challenge_invalid, whatever is wrong with it; the detail says what.
Result<OpenedChallenge> open_challenge(std::string_view text, const secrets::Secrets& secrets);
// What a sealed challenge says that it is for, so that its response finds its operation, which opens and judges it.
// challenge_invalid where it has not the form of one.
Result<Purpose> purpose_claimed_in(std::string_view text);

// The statement that this challenge asks to be signed, on a server of that name.
Statement statement_of(const OpenedChallenge& opened, std::string_view server_name);

// Clocks of servers that share a store differ by no more than this.
inline constexpr Seconds kServerClockSkew{60};

// Pure: is it of this store and server, of exactly that purpose, and alive at `now`? challenge_of_another_server,
// challenge_not_yet_valid, challenge_expired, challenge_of_another_purpose.
Status judge_challenge(const Challenge& challenge, Purpose purpose, const Digest& context, Instant now);

}  // namespace countersign::auth::records
