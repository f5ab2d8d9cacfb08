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

namespace countersign::auth::openpgp::gate {

inline constexpr std::string_view kClearSignedHeader = "-----BEGIN PGP SIGNED MESSAGE-----";
inline constexpr std::size_t kClearSignedBytesMax = 64u << 10;  // a message, its signature included

struct ClearSigned {
  std::string challenge_hint;  // base64url characters, as found
  std::string signature;       // the armored signature block, as found
  // The server and the account that the text names, as found; empty where it names none, or two.
  std::string server_hint;
  std::string account_hint;
};

struct TextResponse {
  std::vector<ClearSigned> messages;       // one or two
  std::optional<std::string> certificate;  // armored, as found
};

// Does a line of it begin a clear-signed message, whatever stands before?
bool holds_clear_signed(std::string_view text);

// Whatever stands before the first and after the last block must be blank. Of each cleartext exactly one line begins
// with `challenge:`; what follows it up to the line that begins with `nonce:` belongs to it. malformed_message,
// message_too_large (over 64 KiB a message, 128 KiB a certificate), secret_key_handed_in wherever one stands,
// file_incomplete where the text ends inside a block or before one: a courier's copy may not be whole yet. To HTTP that
// is a malformed message as well.
Result<TextResponse> split_response(std::string_view text);

}  // namespace countersign::auth::openpgp::gate
