#include "auth/base/account_id.hpp"

#include <algorithm>

#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

char substitute(char letter) {
  switch (letter) {
    case 'o':
      return '0';
    case 'l':
      return '1';
    case 'e':
      return '3';
    case 'a':
      return '4';
    case 's':
      return 'z';
    case 't':
      return '7';
    case '0':
      return 'o';
    case '1':
      return 'l';
    case '3':
      return 'e';
    case '4':
      return 'a';
    case '7':
      return 't';
    default:
      return letter;
  }
}

bool continues_a_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The blanks of Unicode category Zs.
bool is_blank(char32_t point) {
  return point == U' ' || point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x202F ||
         point == 0x205F || point == 0x3000;
}

}  // namespace

Status check_username(std::string_view username) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::malformed_username, why); };
  if (username.empty() || username.size() > kUsernameBytesMax) return refuse("a username has 1 to 128 bytes");
  const auto points = code_points(username);
  if (!points) return refuse("a username is UTF-8");
  if (has_unprintable(username)) return refuse("a username has no control or invisible characters");
  if (is_blank(points->front()) || is_blank(points->back())) return refuse("a username has no blank at either end");
  if (to_nfc(username) != username) return refuse("a username is in Unicode normalisation form C");
  if (check_account_id(username)) return refuse("a username does not look like an account id");
  return ok();
}

Status check_new_username(std::string_view username) {
  TRY(check_username(username));
  if (std::any_of(username.begin(), username.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return fail(ErrorCode::malformed_username, "a new username has no upper-case letters A to Z");
  }
  if (username == kReservedUsername) return fail(ErrorCode::account_reserved, "'server' is the server's own name");
  return ok();
}

Status check_account_id(std::string_view id) {
  if (!is_lower_hex(id, 64)) return fail(ErrorCode::malformed_account_id, "an account id is 64 lower-case hex digits");
  return ok();
}

// Every substitute is one ASCII character for another, so a code point of several bytes moves as it is.
std::string lthn(std::string_view text) {
  // The text may be a password: one buffer, wiped with its last use.
  Secret salted(2 * text.size());
  const auto out = salted.writable();
  std::copy(text.begin(), text.end(), out.begin());
  std::size_t used = text.size();
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && continues_a_code_point(text[begin])) --begin;
    for (std::size_t i = begin; i < end; ++i) out[used++] = static_cast<std::uint8_t>(substitute(text[i]));
    end = begin;
  }
  return hex(sha256(salted.reveal()));
}

}  // namespace countersign::auth
