#include "cli/store.hpp"

#include <fstream>
#include <system_error>

#include "auth/audit/log.hpp"
#include "auth/founding.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/secrets/secrets.hpp"
#include "storage/directory_medium.hpp"
#include "storage/sqlite_medium.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSqliteFile = "store.db";
constexpr const char* kDirectoryFolder = "store";
constexpr const char* kSecretsFolder = "secrets";
constexpr const char* kBallastFile = "ballast";

Result<std::unique_ptr<storage::Medium>> open_medium(const fs::path& folder, StorageKind kind) {
  switch (kind) {
    case StorageKind::sqlite:
      return TRY(storage::SqliteMedium::open(folder / kSqliteFile));
    case StorageKind::directory:
      return TRY(storage::DirectoryMedium::open(folder / kDirectoryFolder));
  }
  return fail(ErrorCode::invalid_settings, "unknown storage");
}

Status create_medium(const fs::path& folder, StorageKind kind) {
  switch (kind) {
    case StorageKind::sqlite:
      return storage::SqliteMedium::create(folder / kSqliteFile);
    case StorageKind::directory:
      return storage::DirectoryMedium::create(folder / kDirectoryFolder);
  }
  return fail(ErrorCode::invalid_settings, "unknown storage");
}

Result<std::unique_ptr<auth::openpgp::OpenPgp>> open_engine(const Secret& armored) {
  Secret packets;
  if (!armored.empty()) {
    auto binary = auth::openpgp::dearmor("PGP PRIVATE KEY BLOCK", armored.reveal_text());
    if (!binary) return fail(ErrorCode::startup_refused, "the server's secret key is not an armored secret key");
    packets = Secret::take(*binary);
  }
  auto engine = auth::openpgp::RnpOpenPgp::open(packets);
  if (!engine) return fail(ErrorCode::startup_refused, "the server's secret key: " + engine.error().detail);
  return std::unique_ptr<auth::openpgp::OpenPgp>(*std::move(engine));
}

auth::Policies policies_of(const Settings& settings) {
  auth::Policies policies;
  policies.registration_open = settings.registration == Registration::open;
  policies.rate_limit = settings.rate_limit;
  policies.http_challenge_lifetime = settings.challenge_http_lifetime;
  policies.courier_challenge_lifetime = settings.challenge_courier_lifetime;
  policies.http_signature_window = settings.signature_http_window;
  policies.courier_signature_before_issue = settings.signature_courier_before_issue;
  policies.courier_signature_after_now = settings.signature_courier_after_now;
  policies.session_idle_limit = settings.session_idle_limit;
  policies.session_absolute_limit = settings.session_absolute_limit;
  return policies;
}

// Everything of a new store, in a folder that nobody else knows of yet.
Result<auth::openpgp::Fingerprint> found_in(const fs::path& folder, Settings& settings) {
  TRY(create_medium(folder, settings.storage));
  const auth::SystemClock clock;
  auth::SystemRng rng;
  const auto engine = TRY(open_engine(Secret()));
  {
    const auto medium = TRY(open_medium(folder, settings.storage));
    settings.fingerprint = TRY(
        auth::found_store({settings.server, folder / kSecretsFolder, kCommandWriter}, *medium, *engine, clock, rng));
  }
  TRY(storage::Ballast(folder / kBallastFile).refill());
  TRY(auth::write_private_file(folder / kSettingsFile, as_bytes(write_settings(settings))));
  return settings.fingerprint;
}

}  // namespace

Result<auth::openpgp::Fingerprint> Store::found(const fs::path& folder, Settings settings) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    return fail(ErrorCode::conflict, folder.string() + " is there already and is not empty");
  }
  fs::create_directories(folder.parent_path(), error);
  if (error) return fail(ErrorCode::storage_unavailable, folder.parent_path().string() + ": " + error.message());
  // Beside its place and renamed into it at the end: a run that was stopped leaves no half-made store under the name.
  auth::SystemRng rng;
  const fs::path temporary = folder.string() + ".new-" + hex(TRY(auth::random_bytes(rng, 4)));
  TRY(auth::make_private_folder(temporary));
  auto fingerprint = found_in(temporary, settings);
  if (fingerprint) {
    fs::rename(temporary, folder, error);
    if (error) fingerprint = fail(ErrorCode::storage_unavailable, folder.string() + ": " + error.message());
  }
  if (!fingerprint) fs::remove_all(temporary, error);
  return fingerprint;
}

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, const Settings& settings,
                                           const std::string& writer) {
  TRY(auth::check_private_folder(folder));
  std::unique_ptr<Store> store(new Store());
  auth::Secrets secrets = TRY(auth::Secrets::load(folder / kSecretsFolder));
  store->medium_ = TRY(open_medium(folder, settings.storage));
  store->engine_ = TRY(open_engine(secrets.server_key_armored()));
  store->authenticator_ =
      TRY(auth::Authenticator::open({settings.server, settings.fingerprint, folder / kSecretsFolder / "floor", writer,
                                     policies_of(settings), folder / kBallastFile},
                                    std::move(secrets), *store->medium_, *store->engine_, store->clock_, store->rng_));
  store->operations_ = std::make_unique<transport::AuthOperations>(*store->authenticator_);
  return store;
}

Store::~Store() {
  if (!authenticator_) return;
  // The floor may lag behind the medium, so failing here costs nothing but its freshness.
  if (const Status closed = authenticator_->close(); !closed) {
    auth::log_event(auth::LogLevel::alarm, "closing failed", {{"detail", closed.error().detail}});
  }
}

}  // namespace countersign::cli
