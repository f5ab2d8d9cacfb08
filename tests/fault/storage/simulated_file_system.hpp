// The project's file system over a disk in memory, so that a test can stop the process at any change, tear the write
// that was under way, and cut the power.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/file_system.hpp"
#include "tests/fault/storage/disk.hpp"

namespace countersign::test {

// Thrown where the process stops.
struct Stopped {
  bool in_write;  // where nothing else can be torn
};

// How much of the change under way is done when the process stops.
enum class Torn { nothing, empty_file, one_byte, half, all_but_one_byte, everything };

class SimulatedFileSystem final : public storage::FileSystem {
 public:
  // `disk` outlives it.
  explicit SimulatedFileSystem(Disk& disk) : disk_(disk) {}

  Result<Bytes> read(const std::string& path, std::size_t bytes_max) override;
  Result<std::vector<storage::FolderEntry>> list(const std::string& path) override;
  Result<storage::FileKind> look(const std::string& path) override;
  Status change(const storage::FileChange& change) override;
  Result<std::unique_ptr<storage::FileLock>> lock(storage::LockKind kind) override;

 private:
  Disk& disk_;
  int shared_ = 0;
  int exclusive_ = 0;
};

// Counts the changes made through it and stops, or fails, at the n-th.
class StoppingFileSystem final : public storage::FileSystem {
 public:
  struct Plan {
    std::size_t at = 0;  // counted from 1; 0: never
    Torn torn = Torn::nothing;
    bool fail_instead = false;  // the call fails with storage_unavailable and the process goes on
    bool for_ever = false;      // and so do all later ones
  };
  // `changes` counts on and may be shared by several.
  StoppingFileSystem(std::unique_ptr<storage::FileSystem> inner, Plan plan, std::shared_ptr<std::size_t> changes)
      : inner_(std::move(inner)), plan_(plan), changes_(std::move(changes)) {}

  Result<Bytes> read(const std::string& path, std::size_t bytes_max) override { return inner_->read(path, bytes_max); }
  Result<std::vector<storage::FolderEntry>> list(const std::string& path) override { return inner_->list(path); }
  Result<storage::FileKind> look(const std::string& path) override { return inner_->look(path); }
  Status change(const storage::FileChange& change) override;
  Result<std::unique_ptr<storage::FileLock>> lock(storage::LockKind kind) override { return inner_->lock(kind); }

 private:
  std::unique_ptr<storage::FileSystem> inner_;
  Plan plan_;
  std::shared_ptr<std::size_t> changes_;
};

}  // namespace countersign::test
