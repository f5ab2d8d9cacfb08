// The OpenPGP engine that the settings name, with the server's key.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "auth/openpgp/key_reach.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "cli/settings.hpp"
#include "storage/base/secret.hpp"

namespace countersign::cli {

// `packets` are the server's transferable secret key, or empty: then the engine only makes keys. `workers` is how many
// operations an engine outside this process does at once. startup_refused where the key cannot be used,
// openpgp_unavailable where the engine cannot.
Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_engine(OpenPgpEngine engine, const Secret& packets,
                                                            std::size_t workers);

// An engine whose server key stays in a GnuPG home, perhaps in a token.
struct EngineOnGnupgKey {
  std::unique_ptr<auth::openpgp::OpenPgp> engine;
  auth::openpgp::KeyReach* reach = nullptr;  // of the engine, and ends with it
  std::string certificate;                   // the server's, armored
};
// invalid_settings for rnp, which knows no GnuPG home; startup_refused where the key cannot be used,
// openpgp_unavailable where home or key are not there or the engine cannot be used.
Result<EngineOnGnupgKey> open_engine_on_gnupg_key(OpenPgpEngine engine, const std::string& home,
                                                  const auth::Fingerprint& key, std::size_t workers);

// For a server: as many as there are cores, at most four.
std::size_t engine_workers();

}  // namespace countersign::cli
