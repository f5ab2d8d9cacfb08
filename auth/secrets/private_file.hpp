// Files that only the server's user may read: the secrets and the floor. Mode 0600 in a folder of mode 0700; whatever
// is more open, a link, or not a regular file is refused rather than repaired (S76).
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/base/bytes.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth {

// 1 MiB at most. not_found, startup_refused (mode, owner, kind), storage_unavailable.
Result<Secret> read_private_file(const std::filesystem::path& path);
// Temporary name, fsync, rename, fsync the folder. storage_unavailable.
Status write_private_file(const std::filesystem::path& path, ByteView bytes);
// A folder of mode 0700, ours, not a link. startup_refused, also where there is none; storage_unavailable.
Status check_private_folder(const std::filesystem::path& path);
// mkdir with mode 0700; an existing one must be a folder of that mode. startup_refused, storage_unavailable.
Status make_private_folder(const std::filesystem::path& path);

// An exclusive flock on a file, made if absent, held until destroyed; released by the kernel when the process dies.
class FileLock {
 public:
  static Result<FileLock> acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;  // closing it unlocks
};

}  // namespace countersign::auth
