#include "cli/store.hpp"

#include <fstream>
#include <system_error>

#include "auth/audit/log.hpp"
#include "auth/founding.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/secrets/secrets.hpp"
#include "cli/engine.hpp"
#include "cli/pinentry.hpp"
#include "storage/directory_medium.hpp"
#include "storage/sqlite_medium.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSqliteFile = "store.db";
constexpr const char* kDirectoryFolder = "store";
constexpr const char* kSecretsFolder = "secrets";

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
  policies.password = settings.password;
  auth::LimitSettings& limits = policies.limits;
  limits.requests.burst = settings.limit_requests;
  limits.requests.per_second = settings.limit_requests_per_second;
  limits.password_sources.burst = settings.limit_passwords_per_source;
  limits.password_sources.per_second = settings.limit_passwords_per_source_per_minute * auth::kPerMinute;
  limits.password_accounts.burst = settings.limit_passwords_per_account;
  limits.password_accounts.per_second = settings.limit_passwords_per_account_per_minute * auth::kPerMinute;
  return policies;
}

// The certificate and the reach only where the key is in a GnuPG home.
Result<EngineOnGnupgKey> open_engine_of(const Settings& settings, const Secret& armored_key, std::size_t workers) {
  if (!settings.server_key_home.empty()) {
    tell_pinentry_the_terminal();
    return open_engine_on_gnupg_key(settings.openpgp, settings.server_key_home, settings.fingerprint, workers);
  }
  EngineOnGnupgKey out;
  out.engine = TRY(open_engine(settings.openpgp, armored_key, workers));
  return out;
}

// Everything of a new store, in a folder that nobody else knows of yet.
Result<auth::openpgp::Fingerprint> found_in(const fs::path& folder, Settings& settings) {
  TRY(create_medium(folder, settings.storage));
  const auth::SystemClock clock;
  auth::SystemRng rng;
  const EngineOnGnupgKey opened = TRY(open_engine_of(settings, Secret(), 1));
  {
    const auto medium = TRY(open_medium(folder, settings.storage));
    settings.fingerprint =
        TRY(auth::found_store({settings.server, folder / kSecretsFolder, kCommandWriter, opened.certificate}, *medium,
                              *opened.engine, clock, rng));
  }
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
  const bool key_is_here = settings.server_key_home.empty();
  auth::Secrets secrets = TRY(key_is_here ? auth::Secrets::load(folder / kSecretsFolder)
                                          : auth::Secrets::load_without_server_key(folder / kSecretsFolder));
  // Before the medium, and whatever else fills memory.
  const bool is_command = writer == kCommandWriter;
  EngineOnGnupgKey opened =
      TRY(open_engine_of(settings, secrets.server_key_armored(), is_command ? 1 : engine_workers()));
  store->engine_ = std::move(opened.engine);
  store->medium_ = TRY(open_medium(folder, settings.storage));
  store->authenticator_ =
      TRY(auth::Authenticator::open({settings.server, settings.fingerprint, folder / kSecretsFolder / "floor", writer,
                                     policies_of(settings), opened.reach, key_is_here || !is_command},
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
