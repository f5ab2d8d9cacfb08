#include "cli/restoring.hpp"

#include "auth/base/clock.hpp"
#include "auth/base/log.hpp"
#include "auth/secrets/private_file.hpp"
#include "cli/data_folder.hpp"
#include "cli/new_file.hpp"
#include "storage/new_file.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;

fs::path pending_in(const fs::path& folder) {
  return folder / "restore.pending";
}

// The store of a data folder that nobody else has open, without its authenticator.
class OwnStore {
 public:
  static Result<std::unique_ptr<OwnStore>> open(const fs::path& folder, const Settings& settings, bool make_medium) {
    TRY(auth::secrets::check_private_folder(folder));
    auto lock = TRY(own_data_folder(folder));
    std::unique_ptr<OwnStore> store(
        new OwnStore(settings, TRY(load_secrets(folder, settings, auth::SystemClock().now()))));
    store->lock_ = std::move(lock);
    store->floor_ = TRY(auth::records::Floor::load(floor_of(folder), store->seal_));
    auto medium = make_medium ? open_or_create_medium(folder, settings.storage) : open_medium(folder, settings.storage);
    if (!medium && make_medium && medium.error().code == ErrorCode::startup_refused) {
      return fail(ErrorCode::startup_refused,
                  medium.error().detail +
                      ". To restore a backup in its place, move it out of the data folder, with "
                      "all files whose names begin as its own does");
    }
    store->medium_ = TRY(std::move(medium));
    return store;
  }

  auth::upkeep::RestoreGround ground() const {
    return {*medium_, secrets_, seal_, *floor_, settings_.server, settings_.fingerprint, kCommandWriter, clock_.now()};
  }

 private:
  OwnStore(const Settings& settings, auth::secrets::Secrets secrets)
      : settings_(settings), secrets_(std::move(secrets)), seal_(secrets_) {}

  const Settings settings_;
  const auth::secrets::Secrets secrets_;
  const auth::secrets::RecordSeal seal_;
  const auth::SystemClock clock_;
  std::unique_ptr<storage::FileLock> lock_;
  std::unique_ptr<auth::records::Floor> floor_;
  std::unique_ptr<storage::Medium> medium_;
};

Result<auth::upkeep::Adopted> finish(const fs::path& folder, const OwnStore& store, const Progress& progress) {
  const auto adopted = TRY(auth::upkeep::put_back(TRY(read_file(pending_in(folder))), store.ground(), progress));
  TRY(remove_file(pending_in(folder)));
  return adopted;
}

// Everything that is read is written to the file too.
auth::records::ByteSource copying_to(storage::NewFile& copy, auth::records::ByteSource source) {
  return [&copy, source = std::move(source)](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const std::size_t got = TRY(source(out));
    TRY(copy.add(out.first(got)));
    return got;
  };
}

}  // namespace

bool has_pending_restore(const fs::path& folder) {
  std::error_code error;
  return fs::exists(fs::symlink_status(pending_in(folder), error));
}

Result<PutBack> restore_backup(const fs::path& folder, const Settings& settings, auth::records::ByteSource source,
                               bool replace, const Progress& progress) {
  const auto store = TRY(OwnStore::open(folder, settings, true));
  const bool has_records = !TRY(store->ground().medium.list("", "", 1)).empty();
  if ((has_records || has_pending_restore(folder)) && !replace) {
    return fail(ErrorCode::conflict, "the store has records; --replace puts the backup in their place");
  }
  if (has_records && !has_pending_restore(folder)) TRY(auth::upkeep::learn_from_medium(store->ground()));
  storage::NewFile copy = TRY(storage::NewFile::begin(pending_in(folder)));
  PutBack out;
  out.facts = TRY(auth::upkeep::verify_backup(copying_to(copy, std::move(source)), store->ground()));
  TRY(copy.finish());
  out.adopted = TRY(finish(folder, *store, progress));
  return out;
}

Result<auth::upkeep::Adopted> accept_medium(const fs::path& folder, const Settings& settings,
                                            auth::upkeep::MissingRevocations missing) {
  const auto store = TRY(OwnStore::open(folder, settings, has_pending_restore(folder)));
  if (has_pending_restore(folder)) TRY(finish(folder, *store, {}));
  const auth::upkeep::RestoreGround ground = store->ground();
  const auto identity = TRY(auth::upkeep::identity_on(ground));
  const Status age = ground.floor.judge_age(ground.medium, identity.restores());
  const Status revocations = ground.floor.judge_revocations(ground.medium);
  if (age && revocations) return fail(ErrorCode::conflict, "the store is not older than this server remembers");
  for (const Status* judged : {&age, &revocations}) {
    if (!*judged && judged->error().code != ErrorCode::medium_restored) {
      return tl::unexpected<Error>(judged->error());
    }
  }
  if (age && missing == auth::upkeep::MissingRevocations::wait_for_export)
    return tl::unexpected<Error>(revocations.error());
  return auth::upkeep::adopt_medium(ground, missing);
}

Status finish_pending_restore(const fs::path& folder, const Settings& settings) {
  const auto store = TRY(OwnStore::open(folder, settings, true));
  if (!has_pending_restore(folder)) return ok();
  const auto adopted = TRY(finish(folder, *store, {}));
  auth::log_event(auth::LogLevel::info, "restore finished", {{"restores", std::to_string(adopted.restores)}});
  return ok();
}

}  // namespace countersign::cli
