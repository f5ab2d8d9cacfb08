// The few calls on files that DirectoryMedium makes, in one place, so that a test can stop at any of them.
//
// Paths are relative to one folder, parts joined by '/'; "" is the folder itself. No path leads out of it: links are
// not followed, neither at the end of a path nor within it, and other file systems mounted inside are not entered.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::storage {

enum class FileKind { absent, file, folder, other };

struct FolderEntry {
  std::string name;
  FileKind kind;
};

struct FileChange {
  enum class Kind {
    write,          // path: a new file of these bytes, mode 0600, in the place of any older one
    sync_file,      // path: its bytes survive the machine; fails where an earlier write was lost
    rename,         // path to `to`, atomically, in the place of any file of that name
    remove_file,    // path
    make_folder,    // path, mode 0700
    remove_folder,  // path, if it is empty
    sync_folder,    // path: what was created, renamed and removed in it survives the machine
  };
  Kind kind;
  std::string path;
  std::string to = {};
  ByteView bytes = {};
};

enum class LockKind { shared, exclusive };

// Held until it is destroyed, or the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Any thread at any time. Besides what is named, every method fails with storage_unavailable.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // At most the first `bytes_max` bytes. not_found; file_refused for anything but a regular file, and for links on the
  // way.
  virtual Result<Bytes> read(const std::string& path, std::size_t bytes_max) = 0;
  // In no order. not_found, file_refused.
  virtual Result<std::vector<FolderEntry>> list(const std::string& path) = 0;
  virtual Result<FileKind> look(const std::string& path) = 0;
  // not_found for what is not there; conflict where make_folder finds something, remove_folder something inside.
  virtual Status change(const FileChange& change) = 0;
  // Waits for those who hold it otherwise, threads and processes, but not for ever.
  virtual Result<std::unique_ptr<FileLock>> lock(LockKind kind) = 0;
};

}  // namespace countersign::storage
