// Founding a store: the server's key, its identity, its secrets, the first decoys and the first audit record.
#pragma once

#include <filesystem>
#include <string>

#include "auth/base/clock.hpp"
#include "auth/base/rng.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::upkeep {

struct Founding {
  std::string server_name;
  std::filesystem::path secrets_folder;  // absent or empty
  std::string writer;                    // of the audit record
  // Empty: a new key is made, and its secret half kept among the secrets. Else the certificate, armored, of the key
  // that the engine signs with, and which stays where it is.
  std::string server_certificate = {};
};

// The fingerprint of the server's key. The medium must be empty: conflict. malformed_name, entropy_unavailable,
// openpgp_unavailable, storage_unavailable; and certificate_refused, key_locked and what a signature is refused with
// where the key that is there is not fit or does not sign. Then nothing was written.
Result<Fingerprint> found_store(const Founding& founding, storage::Medium& medium, openpgp::OpenPgp& engine,
                                const Clock& clock, Rng& rng);

}  // namespace countersign::auth::upkeep
