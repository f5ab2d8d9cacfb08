// Usernames and the account ids derived from them.
//
// An account id is LTHN(username), the predecessor's rule, kept so that its folders can be taken over:
//   LTHN(x) = lower-case hex of SHA-256(x ‖ salt), salt = the code points of x in reverse order, each mapped by
//   o→0 l→1 e→3 a→4 s→z t→7 0→o 1→l 3→e 4→a 7→t.
// It hides nothing (a dictionary inverts it) and nothing relies on it to. Pure.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::auth {

inline constexpr std::size_t kUsernameBytesMax = 128;
// The account of this username is the server's own; it is never registered, imported or deleted.
inline constexpr std::string_view kReservedUsername = "server";

// UTF-8 in form NFC, 1 to 128 bytes, nothing unprintable, no blank at either end, not of the form of an account id.
// malformed_username.
Status check_username(std::string_view username);
// As above, and no upper-case ASCII letter (no `Alice` beside `alice`), and not the reserved one (account_reserved).
Status check_new_username(std::string_view username);

// 64 lower-case hex digits. malformed_account_id. Ask before an id becomes part of a name.
Status check_account_id(std::string_view id);

// `text` is UTF-8: a username, or a password whose hash the predecessor kept. Nothing of it stays in memory.
std::string lthn(std::string_view text);
inline std::string account_id_of(std::string_view username) {
  return lthn(username);
}

}  // namespace countersign::auth
