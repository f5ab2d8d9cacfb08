// How the server's own key ages: what is said before it ends, and what happens when it has. Pure.
//
// An expired key must not lock everybody out. It signs no challenge any more, since no client would believe one; all
// else goes on, sessions that are open above all, and the commands that mend it work.
#pragma once

#include <string>
#include <vector>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::upkeep {

// The longest life of a courier's challenge: what is exported today is still good when the key ends.
inline constexpr Seconds kKeyEndWarnedBefore = std::chrono::days(30);

struct KeyEnd {
  Fingerprint key;
  bool primary = false;
  Instant at{};

  friend bool operator==(const KeyEnd&, const KeyEnd&) = default;
};

// The keys of a certificate that have ended or end before `by`, soonest first. A revoked key or one that is not bound
// has nothing left to end.
std::vector<KeyEnd> keys_ending(const openpgp::CertificateFacts& facts, Instant by);

// A line for an operator: which key ended or ends when, and the command that moves its end.
std::string describe(const KeyEnd& end, Instant now);

// Of a key from the future, what is wrong and what mends it.
std::string describe_made_ahead(Instant made, Instant now);

// May a key of the certificate sign at `now`? key_expired, with the command that mends it, where none may since it has
// expired. Whatever else is wrong with the key is for the self-test to find.
Status judge_server_key(const openpgp::CertificateFacts& facts, Instant now);

}  // namespace countersign::auth::upkeep
