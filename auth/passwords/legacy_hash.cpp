#include "auth/passwords/legacy_hash.hpp"

#include "auth/base/account_id.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::passwords {
namespace {

constexpr std::size_t kDigits = 64;

bool is_hash_of(const Secret& digits, const Secret& text) {
  std::string computed = lthn(text.reveal_text());
  const bool same = equal_constant_time(as_bytes(computed), digits.reveal());
  wipe(computed);
  return same;
}

}  // namespace

Result<LegacyHash> LegacyHash::parse(std::string_view text) {
  if (!is_lower_hex(text, kDigits)) return fail(ErrorCode::record_unreadable, "legacy password hash: not 64 digits");
  return LegacyHash(Secret(as_bytes(text)));
}

Status LegacyHash::verify(const Password& password) const {
  const bool as_typed = is_hash_of(digits_, password.given());
  const bool as_normal = is_hash_of(digits_, password.normal());
  if (as_typed || as_normal) return ok();
  return fail(ErrorCode::password_wrong);
}

}  // namespace countersign::auth::passwords
