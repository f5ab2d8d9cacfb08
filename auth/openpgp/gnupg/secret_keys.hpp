// Whose secret keys a GnuPG home holds.
#pragma once

#include <string>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

// The primary fingerprints, in the order of the keyring, without what is revoked, expired or disabled. `home` as
// open_context. gnupg_failed.
Result<std::vector<Fingerprint>> usable_secret_keys(const std::string& home);

}  // namespace countersign::auth::openpgp::gnupg
