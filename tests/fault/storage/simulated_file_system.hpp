// Files that remember what was synced, so that a test can stop the process at any change, tear the write that was under
// way, and lose or reorder all that a machine may lose.
//
// What survives the machine: of a file, its bytes up to the last sync_file, and of later ones a beginning, nothing, or
// zeros; of a folder, every entry on its own, in any state that it has had since the last sync_folder. So of a rename
// that was not synced either half may be lost, the other, both or none.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/file_system.hpp"

namespace countersign::test {

// Thrown where the process stops.
struct Stopped {
  bool in_write;  // where nothing else can be torn
};

// How much of the change under way is done when the process stops.
enum class Torn { nothing, empty_file, one_byte, half, all_but_one_byte, everything };

class Disk {
 public:
  Disk();
  // As the next process finds it when only the process died.
  Disk copy() const;
  // After the machine died: the least that it may keep, or a choice by `choose`.
  Disk after_power_loss() const;
  Disk after_power_loss(std::mt19937& choose) const;

 private:
  friend class SimulatedFileSystem;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Node {
    bool folder = false;
    Bytes bytes;
    std::optional<Bytes> synced_bytes;
    std::map<std::string, NodePtr> entries;
    // Of each entry that changed since the last sync: the synced state, then every one it has had. Null: absent.
    std::map<std::string, std::vector<NodePtr>> unsynced;
  };
  static NodePtr copy_of(const NodePtr& node);
  static NodePtr survivor_of(const NodePtr& node, std::mt19937* choose);

  NodePtr root_;
};

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
  Disk::NodePtr find(const std::string& path) const;
  void set_entry(const std::string& path, Disk::NodePtr node);

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
