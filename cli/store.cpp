#include "cli/store.hpp"

#include <fmt/format.h>

#include <fstream>
#include <system_error>
#include <utility>

#include "auth/authenticator.hpp"
#include "auth/base/log.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/gnupg/key_in_home.hpp"
#include "auth/openpgp/rnp/key_file.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/secrets/secrets.hpp"
#include "auth/secrets/server_key_file.hpp"
#include "auth/upkeep/founding.hpp"
#include "cli/data_folder.hpp"
#include "cli/engine.hpp"
#include "cli/new_data_folder.hpp"
#include "cli/pinentry.hpp"
#include "cli/restoring.hpp"
#include "cli/supervisor.hpp"
#include "transport/operations/auth_operations.hpp"

namespace countersign::cli {

namespace fs = std::filesystem;

// The engine with the server's key, and the key's home.
struct OwnKey {
  std::unique_ptr<auth::openpgp::OpenPgp> engine;
  auth::openpgp::KeyReach* reach = nullptr;  // of the engine, and ends with it
  std::unique_ptr<auth::openpgp::KeyHome> home;
};

namespace {

// A replacement that was stopped between its commit and its end is brought to its end.
void settle(const fs::path& secrets, const auth::Fingerprint& key) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(auth::secrets::server_key_file(secrets, key), error))) return;
  const auto lock = auth::secrets::FileLock::acquire(auth::secrets::server_key_file(secrets).string() + ".lock");
  const Status settled = lock ? auth::secrets::settle_server_key(secrets, key) : tl::unexpected<Error>(lock.error());
  if (settled) return;
  auth::log_event(auth::LogLevel::alarm, "a former secret key is still here", {{"detail", settled.error().detail}});
}

struct KeyInFile {
  fs::path file;
  Secret packets;
};

// A credential comes last: what replaced it is a file of the secrets.
Result<KeyInFile> read_key(const fs::path& secrets, const auth::Fingerprint& key) {
  KeyInFile read{auth::secrets::server_key_file(secrets), {}};
  auto armored = auth::secrets::read_server_key(secrets, key);
  const auto credential = find_credential("server.key");
  if (!armored && armored.error().code == ErrorCode::not_found && credential) {
    read.file = *credential;
    armored = auth::secrets::read_credential(*credential);
  }
  if (!armored) return tl::unexpected<Error>(armored.error());
  auto binary = auth::openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", armored->reveal_text());
  if (!binary) return fail(ErrorCode::certificate_refused, read.file.string() + " is not an armored secret key");
  read.packets = Secret::take(*binary);
  return read;
}

// The secret comes from its file, all else about the key from the identity record.
Result<OwnKey> open_key_file(const fs::path& secrets, const auth::records::ServerIdentity& identity,
                             OpenPgpEngine engine, std::size_t workers) {
  const KeyInFile read = TRY(read_key(secrets, identity.fingerprint()));
  const auto certificate = TRY(auth::openpgp::gate::admit_certificate(identity.certificate_armored(),
                                                                      auth::openpgp::gate::kCertificateReadBytesMax));
  const Secret dressed = TRY(auth::openpgp::gate::with_certificate(read.packets.reveal(), certificate));
  OwnKey key;
  key.engine = TRY(open_engine(engine, dressed, workers));
  key.home = std::make_unique<auth::openpgp::rnp::RnpKeyFile>(secrets, read.file, read.packets, "");
  return key;
}

// Whoever mends the key may find it unusable, or not at all.
Result<OwnKey> open_own_key(const fs::path& secrets, const auth::records::ServerIdentity& identity,
                            OpenPgpEngine engine, std::size_t workers, bool mends_key) {
  settle(secrets, identity.fingerprint());
  auto key = open_key_file(secrets, identity, engine, workers);
  if (key || key.error().code == ErrorCode::openpgp_unavailable) return key;
  if (!mends_key) {
    std::string why = "the server's secret key: " + key.error().detail;
    // What is open to others says itself what is to be done.
    if (key.error().code != ErrorCode::startup_refused) {
      why +=
          "; put it back from the copy of `secrets`, or name with `server_key_home` the GnuPG home that holds it; "
          "where there is none, `countersign server-key replace --without-succession` makes another";
    }
    return fail(ErrorCode::startup_refused, std::move(why));
  }
  OwnKey none;
  none.engine = TRY(open_engine(engine, Secret(), workers));
  none.home = std::make_unique<auth::openpgp::rnp::RnpKeyFile>(secrets, auth::secrets::server_key_file(secrets),
                                                               Secret(), "cannot be used: " + key.error().detail);
  return none;
}

auth::Policies policies_of(const Settings& settings) {
  auth::Policies policies;
  policies.registration = settings.registration;
  policies.rate_limit = settings.rate_limit;
  policies.http_challenge_lifetime = settings.challenge_http_lifetime;
  policies.courier_challenge_lifetime = settings.challenge_courier_lifetime;
  policies.http_signature_window = settings.signature_http_window;
  policies.courier_signature_before_issue = settings.signature_courier_before_issue;
  policies.courier_signature_after_now = settings.signature_courier_after_now;
  policies.session_idle_limit = settings.session_idle_limit;
  policies.session_absolute_limit = settings.session_absolute_limit;
  policies.password = settings.password;
  policies.record_cache_bytes = std::size_t{settings.record_cache_mib} << 20;
  auth::LimitSettings& limits = policies.limits;
  limits.requests.burst = settings.limit_requests;
  limits.requests.per_second = settings.limit_requests_per_second;
  limits.password_sources.burst = settings.limit_passwords_per_source;
  limits.password_sources.per_second = settings.limit_passwords_per_source_per_minute * auth::kPerMinute;
  limits.password_accounts.burst = settings.limit_passwords_per_account;
  limits.password_accounts.per_second = settings.limit_passwords_per_account_per_minute * auth::kPerMinute;
  return policies;
}

auth::upkeep::HealthSettings health_settings(const fs::path& folder, const Settings& settings, const FileId& opened) {
  auth::upkeep::HealthSettings health;
  health.backup_age = settings.health_backup_age;
  health.secret_age = settings.health_secret_age;
  health.disk_free_bytes = std::int64_t{settings.health_disk_free_mib} << 20;
  health.store_facts = [folder, kind = settings.storage, opened] { return store_facts(folder, kind, opened); };
  return health;
}

Result<EngineOnGnupgKey> open_engine_in_home(const Settings& settings, std::size_t workers) {
  tell_pinentry_the_terminal();
  return open_engine_on_gnupg_key(settings.openpgp, settings.server_key_home, settings.fingerprint, workers);
}

Result<OwnKey> open_key_in_home(const Settings& settings, std::size_t workers) {
  auto found = open_engine_in_home(settings, workers);
  if (!found) {
    return fail(found.error().code,
                fmt::format("{} (server_key_home = \"{}\")", found.error().detail, settings.server_key_home));
  }
  EngineOnGnupgKey opened = *std::move(found);
  OwnKey key;
  key.engine = std::move(opened.engine);
  key.reach = opened.reach;
  key.home = std::make_unique<auth::openpgp::gnupg::KeyInGnupgHome>(settings.server_key_home, opened.certificate);
  return key;
}

// Waiting mends none of these, so each says what does.
Result<std::unique_ptr<storage::Medium>> open_own_medium(const fs::path& folder, StorageKind kind) {
  auto medium = open_medium(folder, kind);
  if (medium || medium.error().code != ErrorCode::startup_refused) return medium;
  return fail(ErrorCode::startup_refused, medium.error().detail +
                                              "; put the store back as it was, or move what is left of it away and run "
                                              "`countersign restore FILE` with a backup");
}

Result<auth::records::ServerIdentity> load_identity(storage::Medium& medium, const auth::secrets::Secrets& secrets,
                                                    const Settings& settings) {
  auto identity = auth::records::ServerIdentity::load(medium, auth::secrets::RecordSeal(secrets), settings.server,
                                                      settings.fingerprint);
  if (identity || identity.error().code != ErrorCode::secret_missing) return identity;
  return fail(ErrorCode::startup_refused,
              identity.error().detail + ", which is not in " + secrets.folder().string() +
                  ": store and secrets do not belong together; put back the copies that do");
}

// Nothing where it is there, or will be.
void tell_of_ballast(const storage::Ballast& ballast) {
  const std::string_view why = auth::upkeep::ballast_warning(ballast.state());
  if (!why.empty()) auth::log_event(auth::LogLevel::alarm, "no ballast", {{"detail", why}});
}

// Everything of a new store, in a folder that nobody else knows of yet.
Result<auth::Fingerprint> found_in(const fs::path& folder, Settings& settings) {
  TRY(create_medium(folder, settings.storage));
  const auth::SystemClock clock;
  auth::SystemRng rng;
  EngineOnGnupgKey opened;
  if (settings.server_key_home.empty()) {
    opened.engine = TRY(open_engine(settings.openpgp, Secret(), 1));
  } else {
    opened = TRY(open_engine_in_home(settings, 1));
  }
  {
    const auto medium = TRY(open_medium(folder, settings.storage));
    settings.fingerprint =
        TRY(auth::upkeep::found_store({settings.server, secrets_of(folder), kCommandWriter, opened.certificate},
                                      *medium, *opened.engine, clock, rng));
  }
  storage::Ballast ballast(ballast_of(folder));
  TRY(ballast.refill());
  tell_of_ballast(ballast);
  TRY(auth::secrets::write_private_file(folder / kSettingsFile, as_bytes(write_settings(settings))));
  return settings.fingerprint;
}

}  // namespace

Result<auth::Fingerprint> Store::found(const fs::path& folder, Settings settings) {
  NewDataFolder place = TRY(NewDataFolder::begin(folder));
  const auto fingerprint = TRY(found_in(place.workshop(), settings));
  TRY(place.finish());
  return fingerprint;
}

class Store::Generation {
 public:
  ~Generation() {
    if (!authenticator_) return;
    // The floor may lag behind the medium, so failing here costs nothing but its freshness.
    if (const Status closed = authenticator_->close(); !closed) {
      auth::log_event(auth::LogLevel::alarm, "closing failed", {{"detail", closed.error().detail}});
    }
  }
  auth::Authenticator& authenticator() { return *authenticator_; }
  transport::Operations& operations() { return *operations_; }

 private:
  friend class Store;
  OwnKey key_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<transport::AuthOperations> operations_;
};

Store::Store(fs::path folder, Settings settings, std::string writer, OpenedFor purpose)
    : folder_(std::move(folder)), settings_(std::move(settings)), writer_(std::move(writer)), purpose_(purpose) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, const Settings& settings, const std::string& writer,
                                           OpenedFor purpose) {
  auto opened = try_open(folder, settings, writer, purpose);
  const bool takes_away = purpose == OpenedFor::taking_away || purpose == OpenedFor::applying_revocations;
  if (opened || !takes_away || opened.error().code != ErrorCode::storage_unavailable) return opened;
  // SQLite needs a little room even to open.
  if (!storage::Ballast(ballast_of(folder)).release()) return opened;
  auth::log_event(auth::LogLevel::alarm, "ballast released", {{"detail", opened.error().detail}});
  return try_open(folder, settings, writer, purpose);
}

Result<std::unique_ptr<Store>> Store::try_open(const fs::path& folder, const Settings& settings,
                                               const std::string& writer, OpenedFor purpose) {
  TRY(auth::secrets::check_private_folder(folder));
  std::unique_ptr<Store> store(new Store(folder, settings, writer, purpose));
  // Before the medium: files that others can read are the first thing to say.
  auto secrets = TRY(load_secrets(folder, settings, store->clock_.now()));
  store->lock_ = TRY(share_data_folder(folder));
  if (has_pending_restore(folder)) {
    store->lock_.reset();
    TRY(finish_pending_restore(folder, settings));
    store->lock_ = TRY(share_data_folder(folder));
  }
  store->medium_ = TRY(open_own_medium(folder, settings.storage));
  store->store_id_ = store_id(folder, settings.storage);
  store->generation_ = TRY(store->make_generation(std::move(secrets)));
  if (writer != kCommandWriter) tell_of_ballast(storage::Ballast(ballast_of(folder)));
  return store;
}

Result<std::shared_ptr<Store::Generation>> Store::make_generation(auth::secrets::Secrets secrets) {
  auto generation = std::make_shared<Generation>();
  const bool key_is_here = settings_.server_key_home.empty();
  const std::size_t workers = writer_ == kCommandWriter ? 1 : engine_workers();
  auto identity = TRY(load_identity(*medium_, secrets, settings_));
  generation->key_ = TRY(key_is_here ? open_own_key(secrets_of(folder_), identity, settings_.openpgp, workers,
                                                    purpose_ == OpenedFor::mending_key)
                                     : open_key_in_home(settings_, workers));
  auth::AuthenticatorSettings settings;
  settings.identity = std::move(identity);
  settings.server_name = settings_.server;
  settings.server_fingerprint = settings_.fingerprint;
  settings.floor_path = floor_of(folder_);
  settings.ballast_path = ballast_of(folder_);
  settings.writer = writer_;
  settings.policies = policies_of(settings_);
  settings.key_home = generation->key_.home.get();
  settings.mends_key = purpose_ == OpenedFor::mending_key;
  settings.applies_revocations = purpose_ == OpenedFor::applying_revocations;
  settings.key_reach = generation->key_.reach;
  settings.health = health_settings(folder_, settings_, store_id_);
  settings.self_test = key_is_here || writer_ != kCommandWriter;
  generation->authenticator_ = TRY(auth::Authenticator::open(std::move(settings), std::move(secrets), *medium_,
                                                             *generation->key_.engine, clock_, rng_));
  generation->operations_ = std::make_unique<transport::AuthOperations>(*generation->authenticator_);
  return generation;
}

Result<auth::upkeep::BackupReport> Store::back_up(auth::records::ByteSink sink, const std::function<Status()>& finish,
                                                  const Progress& progress) {
  const auto generation = current();
  const auth::Context& context = generation->authenticator().roles().context;
  const Instant begun = context.timekeeper.now().wall;
  auto report = TRY(auth::upkeep::back_up(context, std::move(sink), progress));
  TRY(finish());
  const Status noted = auth::upkeep::note_backup(context, {begun, report.counts.puts, report.counts.bytes});
  if (noted) return report;
  return fail(ErrorCode::storage_unavailable,
              "the backup is written, and the store could not note that there is one: " + noted.error().detail);
}

Result<auth::upkeep::AuditArchive> Store::archive_audit(Instant before, const auth::records::ByteSink& sink,
                                                        const std::function<Status()>& finish,
                                                        const Progress& progress) {
  const auto generation = current();
  auth::upkeep::AuditArchiving archiving(generation->authenticator().roles().context);
  auto archive = TRY(archiving.write(before, sink, progress));
  TRY(finish());
  TRY(archiving.erase(archive, {auth::Arrival::local, "local"}, progress));
  return archive;
}

Result<auth::upkeep::AuditArchive> Store::verify_archive(std::istream& in, const auth::upkeep::AuditArchive* later,
                                                         const Progress& progress) {
  const auto generation = current();
  return auth::upkeep::AuditArchiving(generation->authenticator().roles().context).verify(in, later, progress);
}

std::shared_ptr<Store::Generation> Store::current() {
  const std::lock_guard lock(mutex_);
  return generation_;
}

auth::Fingerprint Store::fingerprint() {
  return current()->authenticator().roles().identity.fingerprint();
}

transport::metrics::StoreReadings Store::readings() {
  return transport::metrics::read_store(current()->authenticator());
}

Result<Json> Store::CurrentOperations::run(const transport::Message& message) {
  return store_.current()->operations().run(message);
}

Status Store::maintain() {
  const auto generation = current();
  Status maintained = generation->authenticator().maintain();
  if (!generation->authenticator().is_outdated()) return maintained;
  // What failed may have failed for want of a key that came since: the next one says whether it did.
  return renew() ? ok() : maintained;
}

Result<std::shared_ptr<Store::Generation>> Store::make_next() {
  return make_generation(TRY(load_secrets(folder_, settings_, clock_.now())));
}

// The former one ends with the last operation that is under way on it.
void Store::replace(std::shared_ptr<Generation> next) {
  renewal_failure_.clear();
  const std::lock_guard lock(mutex_);
  generation_.swap(next);
}

Status Store::take_over(const Settings& settings) {
  const Settings before = std::exchange(settings_, settings);
  auto next = make_next();
  if (!next) {
    settings_ = before;
    return tl::unexpected<Error>(next.error());
  }
  replace(*std::move(next));
  return ok();
}

bool Store::renew() {
  auto next = make_next();
  if (next) {
    auth::log_event(auth::LogLevel::info, "keys taken over",
                    {{"fingerprint", (*next)->authenticator().roles().identity.fingerprint().upper()}});
    replace(*std::move(next));
    return true;
  }
  const std::string why = std::string(name_of(next.error().code)) + ": " + next.error().detail;
  current()->authenticator().note_left_behind(why);
  if (why == renewal_failure_) return false;
  renewal_failure_ = why;
  auth::log_event(auth::LogLevel::alarm, "keys not taken over", {{"detail", why}});
  return false;
}

}  // namespace countersign::cli
