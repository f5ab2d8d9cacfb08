// A folder: every name is a file, readable with ls and cat.
//
// Beside the names stand our own files, whose '@' no name can have: `@store` (format and id of the store), `@lock`,
// `@journal` (a commit under way), `@mark` (a random number, another at every commit) and `@new` (files that are not
// there yet).
//
// How a commit keeps its promise. Everyone holds a flock on `@lock`: shared to read, exclusive to change.
//   1. Every new value is written under @new and synced, folders are made, the journal with every name and value is
//      written under @new and synced. Whatever fails up to here, a full disk above all, leaves the old state.
//   2. A new mark is renamed to @mark. The journal is renamed to @journal and the folder synced. From here on the batch
//      has happened.
//   3. Erased files are removed, new ones renamed into place, their folders synced.
//   4. The journal is removed.
// Who finds a journal after taking the lock syncs it and repeats 3 from it alone, then 4: it gives the same result
// however often it is stopped, and needs nothing of what was not synced, in whatever order the machine lost it.
//
// The mark is read without the lock, and is never synced. It changes before the batch can take effect: who reads it new
// and the records after it waits for the lock, and finds the batch. A batch that somebody else completes had its mark
// before it was stopped. What the machine loses of it, nobody is left to have seen.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/file_system.hpp"
#include "storage/medium.hpp"

namespace countersign::storage {

// Besides what Medium says: a journal or a file that is not of our making (a link, a device, a value too large) is
// record_unreadable; a batch of more than 64 MiB is message_too_large. Files with names that no medium has are ignored.
class DirectoryMedium final : public Medium {
 public:
  // Makes an empty store in a folder that is empty or does not exist yet, mode 0700. conflict where something is in it;
  // startup_refused where others may use it; storage_unavailable.
  static Status create(const std::filesystem::path& folder);

  // Completes what a stopped commit left. startup_refused: no such folder or no store in it, one of a newer format, or
  // others may use it (stick: mount with umask=077). record_unreadable, storage_unavailable.
  static Result<std::unique_ptr<DirectoryMedium>> open(const std::filesystem::path& folder);

  // The same over other files than real ones.
  static Status create_on(FileSystem& files);
  static Result<std::unique_ptr<DirectoryMedium>> open_on(std::unique_ptr<FileSystem> files);

  Result<Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  Status commit(const Batch& batch) override;
  Result<Mark> mark() override;

 private:
  struct Page;

  DirectoryMedium(std::unique_ptr<FileSystem> files, std::string store_id);

  // The lock, with no commit under way: one that was stopped is completed first.
  Result<std::unique_ptr<FileLock>> enter(LockKind kind);
  Status recover(const Bytes& journal);

  Status check_preconditions(const Batch& batch);
  Status check_paths(const Batch& batch);
  Status check_only_erased(const Batch& batch, const std::string& folder);
  Status stage(const Batch& batch, ByteView journal);
  void discard_staged(const Batch& batch);
  Status apply(const Batch& batch, bool staged);
  Status apply_erase(const std::string& name);
  Status apply_put(const std::string& name, ByteView bytes, const std::string& temporary, bool staged);
  Status make_folders(const std::string& name);
  Status remove_empty(const std::string& folder, std::size_t depth);
  Status stage_file(const std::string& temporary, ByteView bytes);
  Status collect(const std::string& folder, Page& page);
  Result<std::vector<std::string>> list_locked(std::string_view prefix, std::string_view after, std::size_t limit);

  const std::unique_ptr<FileSystem> files_;
  const std::string store_id_;
};

}  // namespace countersign::storage
