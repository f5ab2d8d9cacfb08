// The password hash of the Go predecessor: `users/<id>.lthn`, LTHN(password), 64 lower-case hex digits.
//
// It is unsalted and fast, so it is read for one purpose: to be replaced in the batch of the first successful login.
#pragma once

#include <string>
#include <string_view>

#include "auth/passwords/password.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::passwords {

class LegacyHash {
 public:
  // Exactly the digits, no line end. record_unreadable.
  static Result<LegacyHash> parse(std::string_view text);

  // password_wrong. In constant time. The predecessor did not normalise, so the password counts as it was typed, and
  // as its normal form.
  Status verify(const Password& password) const;

 private:
  explicit LegacyHash(Secret digits) : digits_(std::move(digits)) {}
  Secret digits_;
};

}  // namespace countersign::auth::passwords
