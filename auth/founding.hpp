// Founding a store: the server's key, its identity, its secrets, the first decoys and the first audit record.
#pragma once

#include <filesystem>
#include <string>

#include "auth/clock.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "auth/rng.hpp"
#include "storage/medium.hpp"

namespace countersign::auth {

struct Founding {
  std::string server_name;
  std::filesystem::path secrets_folder;  // absent or empty
  std::string writer;                    // of the audit record
};

// The fingerprint of the new server's key. The medium must be empty: conflict. malformed_name, entropy_unavailable,
// openpgp_unavailable, storage_unavailable. `engine` needs no key of its own.
Result<openpgp::Fingerprint> found_store(const Founding& founding, storage::Medium& medium, openpgp::OpenPgp& engine,
                                         const Clock& clock, Rng& rng);

}  // namespace countersign::auth
