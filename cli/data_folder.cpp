#include "cli/data_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <system_error>

#include "auth/secrets/private_file.hpp"
#include "storage/directory_medium.hpp"
#include "storage/posix_file_system.hpp"
#include "storage/sqlite_medium.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr const char* kSqliteFile = "store.db";
constexpr const char* kDirectoryFolder = "store";
constexpr const char* kLock = "lock";
// A command that ends is waited for, a restore or a server is not.
constexpr milliseconds kPatience{2000};

fs::path medium_path(const fs::path& folder, StorageKind kind) {
  return folder / (kind == StorageKind::sqlite ? kSqliteFile : kDirectoryFolder);
}

Result<std::unique_ptr<storage::FileLock>> lock_folder(const fs::path& folder, storage::LockKind kind,
                                                       const char* held_by) {
  const auto files = TRY(storage::PosixFileSystem::open(folder, kLock, kPatience));
  auto lock = files->lock(kind);
  if (!lock && lock.error().code == ErrorCode::not_found) {
    TRY(auth::secrets::FileLock::acquire(folder / kLock));  // makes it
    lock = files->lock(kind);
  }
  if (lock || !lock.error().detail.ends_with("held for too long")) return lock;
  return fail(ErrorCode::busy, held_by);
}

// A folder that holds the store of another kind alone was meant to be opened as that.
Status check_kind(const fs::path& folder, StorageKind kind) {
  const auto is_there = [&](StorageKind one) {
    std::error_code error;
    return fs::exists(fs::symlink_status(medium_path(folder, one), error));
  };
  const StorageKind other = kind == StorageKind::sqlite ? StorageKind::directory : StorageKind::sqlite;
  if (is_there(kind) || !is_there(other)) return ok();
  return fail(ErrorCode::invalid_settings,
              fmt::format("storage is \"{}\", and the data folder holds a store of the kind \"{}\", {}; set storage "
                          "to that, or put a backup back with `countersign restore`",
                          name_of(kind), name_of(other), medium_path(folder, other).string()));
}

}  // namespace

fs::path secrets_of(const fs::path& folder) {
  return folder / "secrets";
}
fs::path floor_of(const fs::path& folder) {
  return secrets_of(folder) / "floor";
}
fs::path ballast_of(const fs::path& folder) {
  return folder / "ballast";
}

Status check_outside(const fs::path& folder, const std::string& file) {
  if (file == "-") return ok();
  std::error_code error;
  for (fs::path at = fs::weakly_canonical(fs::absolute(file, error).parent_path(), error);; at = at.parent_path()) {
    if (fs::equivalent(at, folder, error)) {
      return fail(ErrorCode::usage, file +
                                        " would lie in the data folder, among the files that it must not replace; "
                                        "name one elsewhere");
    }
    if (at == at.parent_path()) return ok();
  }
}

Status create_medium(const fs::path& folder, StorageKind kind) {
  switch (kind) {
    case StorageKind::sqlite:
      return storage::SqliteMedium::create(medium_path(folder, kind));
    case StorageKind::directory:
      return storage::DirectoryMedium::create(medium_path(folder, kind));
  }
  return fail(ErrorCode::invalid_settings, "unknown storage");
}

Result<std::unique_ptr<storage::Medium>> open_medium(const fs::path& folder, StorageKind kind) {
  TRY(check_kind(folder, kind));
  switch (kind) {
    case StorageKind::sqlite:
      return TRY(storage::SqliteMedium::open(medium_path(folder, kind)));
    case StorageKind::directory:
      return TRY(storage::DirectoryMedium::open(medium_path(folder, kind)));
  }
  return fail(ErrorCode::invalid_settings, "unknown storage");
}

Result<std::unique_ptr<storage::Medium>> open_or_create_medium(const fs::path& folder, StorageKind kind) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(medium_path(folder, kind), error))) TRY(create_medium(folder, kind));
  return open_medium(folder, kind);
}

FileId store_id(const fs::path& folder, StorageKind kind) {
  struct stat info {};
  if (::stat(medium_path(folder, kind).c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

auth::upkeep::StoreFacts store_facts(const fs::path& folder, StorageKind kind, const FileId& opened) {
  auth::upkeep::StoreFacts facts;
  facts.kind = name_of(kind);
  facts.moved_away = store_id(folder, kind) != opened;
  const fs::path path = medium_path(folder, kind);
  std::error_code error;
  if (kind == StorageKind::sqlite) {
    std::int64_t bytes = 0;
    // SQLite's log is a part of the store until it is copied into the database.
    for (const char* part : {"", "-wal"}) {
      const auto size = fs::file_size(path.string() + part, error);
      if (!error) bytes += static_cast<std::int64_t>(size);
    }
    facts.bytes = bytes;
  }
  const auto space = fs::space(path, error);
  if (!error) facts.disk_free_bytes = static_cast<std::int64_t>(space.available);
  return facts;
}

Result<auth::secrets::Secrets> load_secrets(const fs::path& folder, const Settings& settings, Instant now) {
  return settings.server_key_home.empty() ? auth::secrets::Secrets::load(secrets_of(folder), now)
                                          : auth::secrets::Secrets::load_without_server_key(secrets_of(folder), now);
}

Result<std::unique_ptr<storage::FileLock>> share_data_folder(const fs::path& folder) {
  return lock_folder(folder, storage::LockKind::shared, "a restore of this data folder is under way");
}

Result<std::unique_ptr<storage::FileLock>> own_data_folder(const fs::path& folder) {
  return lock_folder(folder, storage::LockKind::exclusive,
                     "a server or another command works on this data folder, and has to end first");
}

}  // namespace countersign::cli
