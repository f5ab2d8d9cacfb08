// Takes a text response apart: one or two clear-signed messages (RFC 4880 §7), then perhaps an armored certificate.
//
// The cleartext is never trusted. Its `challenge:` line is taken as a hint that says which challenge this answers: dash
// escapes undone, CR and trailing blanks dropped, a line that a mail program wrapped rejoined. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"

namespace countersign::auth::openpgp {

inline constexpr std::string_view kClearSignedHeader = "-----BEGIN PGP SIGNED MESSAGE-----";

struct ClearSigned {
  std::string challenge_hint;  // base64url, as found
  std::string signature;       // the armored signature block, as found
};

struct TextResponse {
  std::vector<ClearSigned> messages;        // one or two
  std::optional<std::string> certificate;   // armored, as found
};

// Whatever stands before the first and after the last block must be blank. malformed_message, message_too_large
// (over 64 KiB a message), file_incomplete where the text ends inside a block: a courier's copy may not be whole yet.
Result<TextResponse> split_response(std::string_view text);

}  // namespace countersign::auth::openpgp
