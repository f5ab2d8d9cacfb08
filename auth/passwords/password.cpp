#include "auth/passwords/password.hpp"

#include <algorithm>

#include "storage/base/text.hpp"

namespace countersign::auth::passwords {
namespace {
constexpr std::size_t kGivenBytesMax = 4u << 10;  // decomposed a text is up to three times as long
}

Result<Password> Password::admit(Secret given) {
  constexpr const char* kTooLong = "a password has at most 1,024 bytes";
  const auto refuse = [](const char* why) { return fail(ErrorCode::malformed_message, why); };
  const std::string_view text = given.reveal_text();
  if (text.empty()) return refuse("a password is not empty");
  if (text.size() > kGivenBytesMax) return refuse(kTooLong);
  if (text.find('\0') != std::string_view::npos) return refuse("a password has no U+0000");
  // What is ASCII is in every normal form, and needs no more copies of it.
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    if (text.size() > kPasswordBytesMax) return refuse(kTooLong);
    Secret same = given;
    return Password(std::move(given), std::move(same));
  }
  auto normal = to_nfc(text);
  if (!normal) return refuse("a password is UTF-8");
  Secret hashed = Secret::take(*normal);
  if (hashed.size() > kPasswordBytesMax) return refuse(kTooLong);
  return Password(std::move(given), std::move(hashed));
}

}  // namespace countersign::auth::passwords
