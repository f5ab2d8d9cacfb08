// The revocation record `users/<id>.rev`: that a key no longer speaks for its account, since when and why.
//
//   {"version":1,"user_id":"<account id>","fingerprint":"<40 upper-case hex digits>","reason":"key_compromised",
//    "note":"...","revoked_at":"2026-11-21T17:20:00Z","by":"statement","signature":"<armored>"}
//
// The account record seals it by its SHA-256, and the account's state makes it effective. The signature is the
// server's, detached, for readers elsewhere: over the other members, one `name: value` line each, in this order, final
// LF. It is null where the server's key was out of reach, and added later. Pure.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

inline constexpr std::size_t kRevocationNoteBytesMax = 256;
// What the predecessor writes where nothing was revoked.
inline constexpr std::string_view kRevocationPlaceholder = "REVOCATION_PLACEHOLDER";

// key_compromised, key_superseded, key_retired, no_longer_valid, unspecified.
bool is_revocation_reason(std::string_view reason);
// malformed_message for a reason that is none, a note over 256 bytes or one with control characters.
Status check_revocation_reason(std::string_view reason, std::string_view note);

struct RevocationRecord {
  std::string account;
  Fingerprint fingerprint;
  std::string reason;
  std::string note;
  Instant revoked_at{};
  std::string by;         // "statement", "certificate", "password", "administrator", "export", "import"
  std::string signature;  // armored; empty until made
};

// What the signature is over.
std::string revocation_text(const RevocationRecord& record);
Json write_revocation(const RevocationRecord& record);
// Takes what write_revocation writes. record_unreadable.
Result<RevocationRecord> parse_revocation(std::string_view text);

}  // namespace countersign::auth::records
