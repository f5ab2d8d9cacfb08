#include "tests/fault/storage/simulated_file_system.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace countersign::test {

using storage::FileChange;
using storage::FileKind;
using storage::LockKind;
using Change = FileChange::Kind;

namespace {

class SimulatedLock final : public storage::FileLock {
 public:
  explicit SimulatedLock(int& count) : count_(++count) {}
  ~SimulatedLock() override { --count_; }

 private:
  int& count_;
};

}  // namespace

Result<Bytes> SimulatedFileSystem::read(const std::string& path, std::size_t bytes_max) {
  const Disk::NodePtr node = disk_.find(path);
  if (node == nullptr) return fail(ErrorCode::not_found, path);
  if (node->folder) return fail(ErrorCode::file_refused, path);
  Bytes bytes = node->bytes;
  if (bytes.size() > bytes_max) bytes.resize(bytes_max);
  return bytes;
}

Result<std::vector<storage::FolderEntry>> SimulatedFileSystem::list(const std::string& path) {
  const Disk::NodePtr node = disk_.find(path);
  if (node == nullptr || !node->folder) return fail(ErrorCode::not_found, path);
  std::vector<storage::FolderEntry> entries;
  for (const auto& [name, entry] : node->entries) {
    entries.push_back({name, entry->folder ? FileKind::folder : FileKind::file});
  }
  std::reverse(entries.begin(), entries.end());  // a folder promises no order
  return entries;
}

Result<FileKind> SimulatedFileSystem::look(const std::string& path) {
  const Disk::NodePtr node = disk_.find(path);
  if (node == nullptr) return FileKind::absent;
  return node->folder ? FileKind::folder : FileKind::file;
}

Status SimulatedFileSystem::change(const FileChange& change) {
  using Kind = DiskChange::Kind;
  const Disk::NodePtr node = disk_.find(change.path);
  const Disk::NodePtr parent = disk_.find(split_path(change.path).first);
  if (parent == nullptr || !parent->folder) return fail(ErrorCode::not_found, change.path);
  const bool is_file = node != nullptr && !node->folder;
  const bool is_folder = node != nullptr && node->folder;
  switch (change.kind) {
    case Change::write:
      if (is_folder) return fail(ErrorCode::storage_unavailable, change.path);
      if (is_file) disk_.apply({Kind::remove, change.path});
      disk_.apply({Kind::create, change.path});
      disk_.apply({Kind::write, change.path, {}, 0, Bytes(change.bytes.begin(), change.bytes.end())});
      return ok();
    case Change::sync_file:
      if (node == nullptr) return fail(ErrorCode::not_found, change.path);
      disk_.apply({Kind::sync_file, change.path});
      return ok();
    case Change::rename: {
      const Disk::NodePtr target = disk_.find(change.to);
      if (node == nullptr || disk_.find(split_path(change.to).first) == nullptr) {
        return fail(ErrorCode::not_found, change.path);
      }
      if (target != nullptr && target->folder) return fail(ErrorCode::storage_unavailable, change.to);
      disk_.apply({Kind::rename, change.path, change.to});
      return ok();
    }
    case Change::remove_file:
      if (node == nullptr) return fail(ErrorCode::not_found, change.path);
      if (is_folder) return fail(ErrorCode::storage_unavailable, change.path);
      disk_.apply({Kind::remove, change.path});
      return ok();
    case Change::make_folder:
      if (node != nullptr) return fail(ErrorCode::conflict, change.path);
      disk_.apply({Kind::make_folder, change.path});
      return ok();
    case Change::remove_folder:
      if (!is_folder) return fail(ErrorCode::not_found, change.path);
      if (!node->entries.empty()) return fail(ErrorCode::conflict, change.path);
      disk_.apply({Kind::remove, change.path});
      return ok();
    case Change::sync_folder:
      if (!is_folder) return fail(ErrorCode::not_found, change.path);
      disk_.apply({Kind::sync_folder, change.path});
      return ok();
  }
  return fail(ErrorCode::failed);
}

Result<std::unique_ptr<storage::FileLock>> SimulatedFileSystem::lock(LockKind kind) {
  // One thread only: whoever waits here waits for itself.
  if (exclusive_ > 0 || (kind == LockKind::exclusive && shared_ > 0)) throw std::logic_error("waits for its own lock");
  return std::make_unique<SimulatedLock>(kind == LockKind::shared ? shared_ : exclusive_);
}

Status StoppingFileSystem::change(const FileChange& change) {
  const std::size_t number = ++*changes_;
  const auto planned = [] { return fail(ErrorCode::storage_unavailable, "a planned failure"); };
  if (plan_.at == 0 || number < plan_.at) return inner_->change(change);
  if (number > plan_.at) return plan_.for_ever ? planned() : inner_->change(change);

  const auto partly = [&](std::size_t size) {
    FileChange part = change;
    part.bytes = change.bytes.first(std::min(size, change.bytes.size()));
    (void)inner_->change(part).has_value();
  };
  const bool writes = change.kind == Change::write;
  const std::size_t size = change.bytes.size();
  switch (plan_.torn) {
    case Torn::nothing:
      break;
    case Torn::everything:
      (void)inner_->change(change).has_value();
      break;
    case Torn::empty_file:
      if (writes) partly(0);
      break;
    case Torn::one_byte:
      if (writes) partly(1);
      break;
    case Torn::half:
      if (writes) partly(size / 2);
      break;
    case Torn::all_but_one_byte:
      if (writes && size > 0) partly(size - 1);
      break;
  }
  if (plan_.fail_instead) return planned();
  throw Stopped{writes};
}

}  // namespace countersign::test
