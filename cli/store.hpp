// An opened data folder: where the medium, the secrets, the engine and the authenticator are wired together.
//
//   countersign.toml   the settings
//   store.db, or store/   the medium (SQLite, or a folder)
//   secrets/           keys and the floor; never on the medium
//   ballast            4 MiB, given up when a revocation must be written on a full disk
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "auth/authenticator.hpp"
#include "auth/clock.hpp"
#include "auth/rng.hpp"
#include "cli/settings.hpp"
#include "storage/medium.hpp"
#include "transport/operations/auth_operations.hpp"

namespace countersign::cli {

class Store {
 public:
  // Makes a data folder whole or not at all; gives the fingerprint of the server's new key. conflict where the folder
  // is there and not empty; storage_unavailable and the like.
  static Result<auth::openpgp::Fingerprint> found(const std::filesystem::path& folder, Settings settings);

  // Fails closed: startup_refused, invalid_settings, medium_restored, record_*, storage_unavailable. `writer` names the
  // audit chain.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const Settings& settings,
                                             const std::string& writer);
  // Tells the floor what was done.
  ~Store();

  transport::Operations& operations() { return *operations_; }
  auth::Authenticator& authenticator() { return *authenticator_; }
  auth::Rng& rng() { return rng_; }

 private:
  Store() = default;

  auth::SystemClock clock_;
  auth::SystemRng rng_;
  std::unique_ptr<storage::Medium> medium_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<transport::AuthOperations> operations_;
};

// The writer of the audit chain that commands share.
inline constexpr const char* kCommandWriter = "cli";

}  // namespace countersign::cli
