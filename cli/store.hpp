// An opened data folder: where the medium, the secrets, the engine and the authenticator are wired together.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "auth/base/clock.hpp"
#include "auth/base/rng.hpp"
#include "auth/openpgp/key_home.hpp"
#include "auth/upkeep/audit_archiving.hpp"
#include "auth/upkeep/backing_up.hpp"
#include "cli/data_folder.hpp"
#include "cli/settings.hpp"
#include "storage/file_system.hpp"
#include "storage/medium.hpp"
#include "transport/metrics/store_readings.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::cli {

// What a command may find amiss in the store, since it is there to mend it.
enum class OpenedFor {
  work,                  // nothing
  mending_key,           // the server's key has expired or does not fit
  applying_revocations,  // revocations that the floor remembers are missing
  taking_away,           // the disk is full: the ballast is given up for it
};

class Store {
 public:
  // Makes a data folder whole or not at all; gives the fingerprint of the server's key: a new one, or with a
  // server_key_home the one that the settings name. As NewDataFolder::begin() and found_store, and then asks for the
  // key's PIN.
  static Result<auth::Fingerprint> found(const std::filesystem::path& folder, Settings settings);

  // Brings a restore that was stopped to its end first. Fails closed: startup_refused, invalid_settings,
  // medium_restored, record_*, storage_unavailable, busy (a restore is under way). `writer` names the audit chain.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const Settings& settings,
                                             const std::string& writer, OpenedFor purpose);
  // Tells the floor what was done.
  ~Store();

  // Any thread; of whichever authenticator is the present one when an operation begins.
  transport::Operations& operations() { return operations_; }
  auth::Rng& rng() { return rng_; }
  // Of the server's key, as the store names it.
  auth::Fingerprint fingerprint();
  // As transport::metrics::read_store(), of whichever authenticator is the present one. Any thread.
  transport::metrics::StoreReadings readings();
  // As auth::upkeep::back_up(), then `finish` (so that the file is safe), then it is noted in the store. A backup that
  // could not be noted is there all the same: storage_unavailable says so.
  Result<auth::upkeep::BackupReport> back_up(auth::records::ByteSink sink, const std::function<Status()>& finish,
                                             const Progress& progress);
  // As auth::upkeep::AuditArchiving::write(), then `finish` (so that the file is safe), then erase().
  Result<auth::upkeep::AuditArchive> archive_audit(Instant before, const auth::records::ByteSink& sink,
                                                   const std::function<Status()>& finish, const Progress& progress);
  // As auth::upkeep::AuditArchiving::verify().
  Result<auth::upkeep::AuditArchive> verify_archive(std::istream& in, const auth::upkeep::AuditArchive* later,
                                                    const Progress& progress);
  // Authenticator::maintain(); and where the server's key or the secrets were changed meanwhile, takes them over:
  // everything that was built from it is built anew, and what is under way ends on the old. Where that fails the old
  // one stays, and is not ready any more. One thread.
  Status maintain();
  // Builds all that anew under other settings, in the same thread as maintain(). Where that fails everything stays as
  // it was. What is only_at_start is to be the same.
  Status take_over(const Settings& settings);

 private:
  // All that follows from the secrets and the identity record.
  class Generation;
  class CurrentOperations final : public transport::Operations {
   public:
    explicit CurrentOperations(Store& store) : store_(store) {}
    Result<Json> run(const transport::Message& message) override;

   private:
    Store& store_;
  };

  static Result<std::unique_ptr<Store>> try_open(const std::filesystem::path& folder, const Settings& settings,
                                                 const std::string& writer, OpenedFor purpose);
  Store(std::filesystem::path folder, Settings settings, std::string writer, OpenedFor purpose);
  Result<std::shared_ptr<Generation>> make_generation(auth::secrets::Secrets secrets);
  Result<std::shared_ptr<Generation>> make_next();  // of the secrets as they are now
  std::shared_ptr<Generation> current();
  bool renew();
  void replace(std::shared_ptr<Generation> next);

  const std::filesystem::path folder_;
  Settings settings_;  // of the thread that maintains
  const std::string writer_;
  const OpenedFor purpose_;
  auth::SystemClock clock_;
  auth::SystemRng rng_;
  CurrentOperations operations_{*this};
  std::unique_ptr<storage::FileLock> lock_;
  std::unique_ptr<storage::Medium> medium_;
  FileId store_id_;  // when it was opened
  std::mutex mutex_;
  std::shared_ptr<Generation> generation_;
  std::string renewal_failure_;  // as it was logged last
};

}  // namespace countersign::cli
