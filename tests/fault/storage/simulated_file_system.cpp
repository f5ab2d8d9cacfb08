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

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Disk::Disk() : root_(std::make_shared<Node>()) {
  root_->folder = true;
}

Disk::NodePtr Disk::copy_of(const NodePtr& node) {
  auto copy = std::make_shared<Node>();
  copy->folder = node->folder;
  copy->bytes = node->bytes;
  copy->synced_bytes = node->synced_bytes;
  for (const auto& [name, entry] : node->entries) copy->entries[name] = copy_of(entry);
  // The entry's present state stays one object; earlier ones are copies.
  for (const auto& [name, states] : node->unsynced) {
    for (const NodePtr& state : states) {
      const auto now = node->entries.find(name);
      const bool is_present = now != node->entries.end() && now->second == state;
      copy->unsynced[name].push_back(state == nullptr ? nullptr : is_present ? copy->entries[name] : copy_of(state));
    }
  }
  return copy;
}

Disk Disk::copy() const {
  Disk disk;
  disk.root_ = copy_of(root_);
  return disk;
}

Disk::NodePtr Disk::survivor_of(const NodePtr& node, std::mt19937* choose) {
  const auto pick = [&](std::size_t choices) { return choose == nullptr ? 0 : (*choose)() % choices; };
  auto survivor = std::make_shared<Node>();
  survivor->folder = node->folder;
  if (!node->folder) {
    if (node->synced_bytes) {
      survivor->bytes = *node->synced_bytes;
    } else {
      const std::size_t size = node->bytes.size();
      switch (pick(4)) {
        case 0:
          break;
        case 1:
          survivor->bytes = node->bytes;
          break;
        case 2:
          survivor->bytes.assign(node->bytes.begin(), node->bytes.begin() + static_cast<std::ptrdiff_t>(size / 2));
          break;
        default:
          survivor->bytes.assign(size, 0);
          break;
      }
    }
    survivor->synced_bytes = survivor->bytes;
    return survivor;
  }
  std::map<std::string, NodePtr> kept = node->entries;
  for (const auto& [name, states] : node->unsynced) {
    const NodePtr& state = states[pick(states.size())];
    if (state == nullptr) {
      kept.erase(name);
    } else {
      kept[name] = state;
    }
  }
  for (const auto& [name, entry] : kept) survivor->entries[name] = survivor_of(entry, choose);
  return survivor;
}

Disk Disk::after_power_loss() const {
  Disk disk;
  disk.root_ = survivor_of(root_, nullptr);
  return disk;
}

Disk Disk::after_power_loss(std::mt19937& choose) const {
  Disk disk;
  disk.root_ = survivor_of(root_, &choose);
  return disk;
}

Disk::NodePtr SimulatedFileSystem::find(const std::string& path) const {
  if (path.empty()) return disk_.root_;
  const auto [folder, leaf] = split(path);
  const Disk::NodePtr parent = find(folder);
  if (parent == nullptr || !parent->folder) return nullptr;
  const auto entry = parent->entries.find(leaf);
  return entry == parent->entries.end() ? nullptr : entry->second;
}

void SimulatedFileSystem::set_entry(const std::string& path, Disk::NodePtr node) {
  const auto [folder, leaf] = split(path);
  const Disk::NodePtr parent = find(folder);
  const auto before = parent->entries.find(leaf);
  auto& states = parent->unsynced[leaf];
  if (states.empty()) states.push_back(before == parent->entries.end() ? nullptr : before->second);
  states.push_back(node);
  if (node == nullptr) {
    parent->entries.erase(leaf);
  } else {
    parent->entries[leaf] = std::move(node);
  }
}

Result<Bytes> SimulatedFileSystem::read(const std::string& path, std::size_t bytes_max) {
  const Disk::NodePtr node = find(path);
  if (node == nullptr) return fail(ErrorCode::not_found, path);
  if (node->folder) return fail(ErrorCode::file_refused, path);
  Bytes bytes = node->bytes;
  if (bytes.size() > bytes_max) bytes.resize(bytes_max);
  return bytes;
}

Result<std::vector<storage::FolderEntry>> SimulatedFileSystem::list(const std::string& path) {
  const Disk::NodePtr node = find(path);
  if (node == nullptr || !node->folder) return fail(ErrorCode::not_found, path);
  std::vector<storage::FolderEntry> entries;
  for (const auto& [name, entry] : node->entries) {
    entries.push_back({name, entry->folder ? FileKind::folder : FileKind::file});
  }
  std::reverse(entries.begin(), entries.end());  // a folder promises no order
  return entries;
}

Result<FileKind> SimulatedFileSystem::look(const std::string& path) {
  const Disk::NodePtr node = find(path);
  if (node == nullptr) return FileKind::absent;
  return node->folder ? FileKind::folder : FileKind::file;
}

Status SimulatedFileSystem::change(const FileChange& change) {
  const Disk::NodePtr node = find(change.path);
  const Disk::NodePtr parent = find(split(change.path).first);
  if (parent == nullptr || !parent->folder) return fail(ErrorCode::not_found, change.path);
  switch (change.kind) {
    case Change::write: {
      if (node != nullptr && node->folder) return fail(ErrorCode::storage_unavailable, change.path);
      auto file = std::make_shared<Disk::Node>();
      file->bytes.assign(change.bytes.begin(), change.bytes.end());
      set_entry(change.path, std::move(file));
      return ok();
    }
    case Change::sync_file:
      if (node == nullptr) return fail(ErrorCode::not_found, change.path);
      node->synced_bytes = node->bytes;
      return ok();
    case Change::rename: {
      const Disk::NodePtr target = find(change.to);
      const Disk::NodePtr target_parent = find(split(change.to).first);
      if (node == nullptr || target_parent == nullptr) return fail(ErrorCode::not_found, change.path);
      if (target != nullptr && target->folder) return fail(ErrorCode::storage_unavailable, change.to);
      set_entry(change.to, node);
      set_entry(change.path, nullptr);
      return ok();
    }
    case Change::remove_file:
      if (node == nullptr) return fail(ErrorCode::not_found, change.path);
      if (node->folder) return fail(ErrorCode::storage_unavailable, change.path);
      set_entry(change.path, nullptr);
      return ok();
    case Change::make_folder: {
      if (node != nullptr) return fail(ErrorCode::conflict, change.path);
      auto folder = std::make_shared<Disk::Node>();
      folder->folder = true;
      set_entry(change.path, std::move(folder));
      return ok();
    }
    case Change::remove_folder:
      if (node == nullptr || !node->folder) return fail(ErrorCode::not_found, change.path);
      if (!node->entries.empty()) return fail(ErrorCode::conflict, change.path);
      set_entry(change.path, nullptr);
      return ok();
    case Change::sync_folder:
      if (node == nullptr || !node->folder) return fail(ErrorCode::not_found, change.path);
      node->unsynced.clear();
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
