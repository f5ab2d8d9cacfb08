#include "auth/accounts/account_id.hpp"

#include <algorithm>

#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

char32_t substitute(char32_t point) {
  switch (point) {
    case U'o':
      return U'0';
    case U'l':
      return U'1';
    case U'e':
      return U'3';
    case U'a':
      return U'4';
    case U's':
      return U'z';
    case U't':
      return U'7';
    case U'0':
      return U'o';
    case U'1':
      return U'l';
    case U'3':
      return U'e';
    case U'4':
      return U'a';
    case U'7':
      return U't';
    default:
      return point;
  }
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

std::string lthn(std::string_view text) {
  std::vector<char32_t> points = code_points(text).value_or(std::vector<char32_t>());
  std::reverse(points.begin(), points.end());
  std::transform(points.begin(), points.end(), points.begin(), substitute);
  return hex(sha256(as_bytes(std::string(text) + to_utf8(points))));
}

}  // namespace countersign::auth
