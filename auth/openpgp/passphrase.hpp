// What may protect a secret key that the server makes for somebody.
#pragma once

#include <cstddef>

#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp {

// GnuPG takes no longer one, whichever engine makes the key: it would protect the key from its owner too.
inline constexpr std::size_t kPassphraseBytesMax = 255;

// 1 to kPassphraseBytesMax bytes without control characters, which nobody can type where a passphrase is asked for.
// malformed_message. Pure.
Status check_passphrase(const Secret& passphrase);

}  // namespace countersign::auth::openpgp
