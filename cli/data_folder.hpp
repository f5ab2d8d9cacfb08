// What lies in a data folder, and who may work on it.
//
//   countersign.toml      the settings
//   store.db, or store/   the medium (SQLite, or a folder)
//   secrets/              keys and the floor; never on the medium
//   ballast               4 MiB, given up when a revocation must be written on a full disk
//   lock                  held shared by whoever works on the store, and alone by a restore
//   restore.pending       a backup that is being put back (cli/restoring.hpp)
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "auth/secrets/secrets.hpp"
#include "auth/upkeep/health_settings.hpp"
#include "cli/settings.hpp"
#include "storage/file_system.hpp"
#include "storage/medium.hpp"

namespace countersign::cli {

// The writer of the audit chain that commands share.
inline constexpr const char* kCommandWriter = "cli";

// Which file it is, whatever its name.
struct FileId {
  dev_t device = 0;
  ino_t number = 0;

  friend bool operator==(const FileId&, const FileId&) = default;
};

std::filesystem::path secrets_of(const std::filesystem::path& folder);
std::filesystem::path floor_of(const std::filesystem::path& folder);
std::filesystem::path ballast_of(const std::filesystem::path& folder);

// usage where a file of that path would lie in the data folder, and could take the place of the store, the settings or
// a secret. Standard output, "-", lies nowhere.
Status check_outside(const std::filesystem::path& folder, const std::string& file);

// As Medium implementations do; conflict, startup_refused, storage_unavailable.
Status create_medium(const std::filesystem::path& folder, StorageKind kind);
Result<std::unique_ptr<storage::Medium>> open_medium(const std::filesystem::path& folder, StorageKind kind);
// Made first where there is none.
Result<std::unique_ptr<storage::Medium>> open_or_create_medium(const std::filesystem::path& folder, StorageKind kind);
// How large it is, but for a folder, which would have to be walked; and what the disk has left.
// `opened` is what the store's path named when it was opened.
auth::upkeep::StoreFacts store_facts(const std::filesystem::path& folder, StorageKind kind, const FileId& opened);

// The store's file or folder, as its path names it now.
FileId store_id(const std::filesystem::path& folder, StorageKind kind);
Result<auth::secrets::Secrets> load_secrets(const std::filesystem::path& folder, const Settings& settings, Instant now);

// For as long as the store is open. busy while a restore has it.
Result<std::unique_ptr<storage::FileLock>> share_data_folder(const std::filesystem::path& folder);
// busy while a server or a command has the store open.
Result<std::unique_ptr<storage::FileLock>> own_data_folder(const std::filesystem::path& folder);

}  // namespace countersign::cli
