// An invite as it is handed to the invited: one line of strict JSON.
//
//   {"countersign_invite":1,"server":NAME,"url":URL,"server_key":FINGERPRINT,"username":NAME|null,
//    "invite":"ci_<43 characters>","expires":TIME}
//
// `server` is the name that the server signs under, `url` where it answers, `server_key` its key's fingerprint (40 hex
// digits), `username` whom it is for, or null where the invited chooses. Pure.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

struct InviteText {
  std::string server;
  std::string url;
  Fingerprint server_key;
  std::string username;  // empty: the invited chooses
  Secret secret;
  Instant expires_at{};
};

// Blanks and line ends around it are none of its own.
inline constexpr std::size_t kInviteTextBytesMax = 4096;

// Without an end of line.
Secret write_invite_text(const InviteText& invite);
// malformed_message, where it is none with what it is instead; unknown_version.
Result<InviteText> parse_invite_text(std::string_view text);

}  // namespace countersign::auth::records
