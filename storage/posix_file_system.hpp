// FileSystem over a real folder, by openat2 (Linux 5.6) and flock.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>

#include "storage/base/file_descriptor.hpp"
#include "storage/file_system.hpp"

namespace countersign::storage {

class PosixFileSystem final : public FileSystem {
 public:
  // A folder of mode 0700 or less, else startup_refused. `lock_path` is a file in it, which locks are held on; it need
  // not exist yet.
  static Result<std::unique_ptr<PosixFileSystem>> open(const std::filesystem::path& folder, std::string lock_path,
                                                       std::chrono::milliseconds lock_timeout);
  PosixFileSystem(const PosixFileSystem&) = delete;
  PosixFileSystem& operator=(const PosixFileSystem&) = delete;

  Result<Bytes> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<FolderEntry>> list(const std::string& path) override;
  Result<FileKind> look(const std::string& path) override;
  Status change(const FileChange& change) override;
  Result<std::unique_ptr<FileLock>> lock(LockKind kind) override;

 private:
  PosixFileSystem(FileDescriptor folder, std::string lock_path, std::chrono::milliseconds lock_timeout);
  Status write(const FileChange& change);

  const FileDescriptor folder_;
  const std::string lock_path_;
  const std::chrono::milliseconds lock_timeout_;
  std::mutex turn_;  // held while waiting for the lock, so that a writer is not starved by the readers of its process
};

}  // namespace countersign::storage
