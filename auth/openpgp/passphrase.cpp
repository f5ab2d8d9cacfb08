#include "auth/openpgp/passphrase.hpp"

#include <algorithm>

namespace countersign::auth::openpgp {

Status check_passphrase(const Secret& passphrase) {
  const std::string_view text = passphrase.reveal_text();
  const bool typed = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7F;
  });
  if (!text.empty() && text.size() <= kPassphraseBytesMax && typed) return ok();
  return fail(ErrorCode::malformed_message,
              "a password that protects a key has 1 to 255 bytes and no control characters: GnuPG takes no other");
}

}  // namespace countersign::auth::openpgp
