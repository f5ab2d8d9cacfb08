#include "tests/fault/storage/disk.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace countersign::test {

using Kind = DiskChange::Kind;

namespace {

constexpr std::uint8_t kStaleByte = 0xa5;

std::size_t sectors_of(std::size_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes;
}

// Copies what the two have of a sector in common from one to the other.
void copy_sector(std::size_t sector, const Bytes& from, std::size_t offset, Bytes& to) {
  const std::size_t begin = std::max(sector * kSectorBytes, offset);
  const std::size_t end = std::min({(sector + 1) * kSectorBytes, offset + from.size(), to.size()});
  for (std::size_t i = begin; i < end; ++i) to[i] = from[i - offset];
}

}  // namespace

bool is_sync(const DiskChange& change) {
  return change.kind == Kind::sync_file || change.kind == Kind::sync_folder;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

RandomCut::RandomCut(std::size_t now, std::uint_fast32_t seed)
    : random_(seed), leaning_(static_cast<unsigned>(random_() % 5)) {
  // Of late, for what is older is mostly synced.
  const std::size_t back = std::size_t{1} << random_() % 8;
  moment_ = now - std::min<std::size_t>(now, random_() % back);
}

std::size_t RandomCut::choose(const std::vector<std::size_t>& since) {
  const std::size_t last = since.size() - 1;
  const auto any = [&] { return random_() % since.size(); };
  switch (leaning_) {
    case 0: {
      const auto after = std::upper_bound(since.begin() + 1, since.end(), moment_);
      return static_cast<std::size_t>(after - since.begin()) - 1;
    }
    case 1:
      return since[last] > moment_ ? last : 0;
    case 2:
      return random_() % 8 == 0 ? any() : last;
    case 3:
      return random_() % 8 == 0 ? any() : 0;
    default:
      return any();
  }
}

std::size_t EveryCut::choose(const std::vector<std::size_t>& since) {
  if (at_ == digits_.size()) digits_.push_back({0, since.size()});
  return digits_[at_++].value;
}

bool EveryCut::next() {
  at_ = 0;
  while (!digits_.empty() && digits_.back().value + 1 == digits_.back().end) digits_.pop_back();
  if (digits_.empty()) return false;
  ++digits_.back().value;
  return true;
}

Disk::Disk() : root_(std::make_shared<Node>()) {
  root_->folder = true;
}

Disk::NodePtr Disk::copy_of(const NodePtr& node, Twins& twins) {
  if (node == nullptr) return nullptr;
  NodePtr& twin = twins[node.get()];
  if (twin != nullptr) return twin;
  auto copy = std::make_shared<Node>(*node);
  twin = copy;
  for (auto& [name, entry] : copy->entries) entry = copy_of(entry, twins);
  for (auto& [name, states] : copy->unsynced) {
    for (State& state : states) state.node = copy_of(state.node, twins);
  }
  return copy;
}

Disk Disk::copy() const {
  Disk disk;
  Twins twins;
  disk.root_ = copy_of(root_, twins);
  disk.now_ = now_;
  return disk;
}

Bytes Disk::surviving_bytes(const Node& file, PowerCut& cut) {
  if (file.unsynced_writes.empty()) return file.bytes;
  std::vector<std::size_t> sizes = {file.synced_bytes.size()};
  std::vector<std::size_t> since = {0};
  for (const Write& write : file.unsynced_writes) {
    for (std::size_t step = sizes.back() / kSectorBytes + 1; step * kSectorBytes < write.size_after; ++step) {
      sizes.push_back(step * kSectorBytes);
      since.push_back(write.time);
    }
    if (write.size_after == sizes.back()) continue;
    sizes.push_back(write.size_after);
    since.push_back(write.time);
  }
  Bytes bytes(sizes.size() == 1 ? sizes[0] : sizes[cut.choose(since)]);

  std::vector<std::vector<std::size_t>> times(sectors_of(bytes.size()), {0});
  const auto each_sector = [&](const Write& write, const std::function<void(std::size_t)>& visit) {
    const std::size_t end = std::min(sectors_of(write.offset + write.bytes.size()), times.size());
    for (std::size_t sector = write.offset / kSectorBytes; sector < end; ++sector) visit(sector);
  };
  for (const Write& write : file.unsynced_writes) {
    each_sector(write, [&](std::size_t sector) { times[sector].push_back(write.time); });
  }
  std::vector<std::size_t> kept_until(times.size());
  bool stale = false;
  for (std::size_t sector = 0; sector < times.size(); ++sector) {
    if (times[sector].size() > 1) kept_until[sector] = times[sector][cut.choose(times[sector])];
    stale = stale || (kept_until[sector] == 0 && sector >= sectors_of(file.synced_bytes.size()));
  }
  if (stale && cut.choose({0, 0}) == 1) std::fill(bytes.begin(), bytes.end(), kStaleByte);
  for (std::size_t sector = 0; sector < times.size(); ++sector) {
    if (kept_until[sector] > 0 || sector < sectors_of(file.synced_bytes.size())) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorBytes);
      std::fill(begin,
                begin + static_cast<std::ptrdiff_t>(std::min(kSectorBytes, bytes.size() - sector * kSectorBytes)),
                std::uint8_t{0});
    }
    copy_sector(sector, file.synced_bytes, 0, bytes);
  }
  for (const Write& write : file.unsynced_writes) {
    each_sector(write, [&](std::size_t sector) {
      if (write.time <= kept_until[sector]) copy_sector(sector, write.bytes, write.offset, bytes);
    });
  }
  return bytes;
}

Disk::NodePtr Disk::survivor_of(const NodePtr& node, PowerCut& cut, Twins& twins) {
  NodePtr& twin = twins[node.get()];
  if (twin != nullptr) return twin;
  auto survivor = std::make_shared<Node>();
  twin = survivor;
  survivor->folder = node->folder;
  if (!node->folder) {
    survivor->bytes = survivor->synced_bytes = surviving_bytes(*node, cut);
    return survivor;
  }
  std::map<std::string, NodePtr> kept = node->entries;
  for (const auto& [name, states] : node->unsynced) {
    std::vector<std::size_t> since;
    for (const State& state : states) since.push_back(state.time);
    const NodePtr& state = states[cut.choose(since)].node;
    if (state == nullptr) {
      kept.erase(name);
    } else {
      kept[name] = state;
    }
  }
  for (const auto& [name, entry] : kept) survivor->entries[name] = survivor_of(entry, cut, twins);
  return survivor;
}

Disk Disk::after(PowerCut& cut) const {
  Disk disk;
  Twins twins;
  disk.root_ = survivor_of(root_, cut, twins);
  return disk;
}

void Disk::sync_all() {
  const std::function<void(Node&)> sync = [&](Node& node) {
    node.synced_bytes = node.bytes;
    node.unsynced_writes.clear();
    node.unsynced.clear();
    for (const auto& [name, entry] : node.entries) sync(*entry);
  };
  sync(*root_);
}

Disk::NodePtr Disk::find(const std::string& path) const {
  if (path.empty()) return root_;
  const auto [folder, leaf] = split_path(path);
  const NodePtr parent = find(folder);
  if (parent == nullptr || !parent->folder) return nullptr;
  const auto entry = parent->entries.find(leaf);
  return entry == parent->entries.end() ? nullptr : entry->second;
}

void Disk::set_entry(const std::string& path, NodePtr node) {
  const auto [folder, leaf] = split_path(path);
  const NodePtr parent = find(folder);
  const auto before = parent->entries.find(leaf);
  auto& states = parent->unsynced[leaf];
  if (states.empty()) states.push_back({0, before == parent->entries.end() ? nullptr : before->second});
  states.push_back({now_, node});
  if (node == nullptr) {
    parent->entries.erase(leaf);
  } else {
    parent->entries[leaf] = std::move(node);
  }
}

void Disk::write(Node& file, std::size_t offset, const Bytes& bytes, std::size_t size_after) {
  file.bytes.resize(std::max(file.bytes.size(), offset + bytes.size()));
  std::copy(bytes.begin(), bytes.end(), file.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  file.bytes.resize(size_after);
  file.unsynced_writes.push_back({now_, offset, bytes, size_after});
}

void Disk::apply(const DiskChange& change) {
  ++now_;
  if (recorded_ != nullptr) recorded_->push_back(change);
  const NodePtr node = find(change.path);
  const bool makes = change.kind == Kind::create || change.kind == Kind::make_folder;
  if (makes == (node != nullptr)) throw std::logic_error("no such change is possible: " + change.path);
  switch (change.kind) {
    case Kind::create:
    case Kind::make_folder: {
      auto made = std::make_shared<Node>();
      made->folder = change.kind == Kind::make_folder;
      return set_entry(change.path, std::move(made));
    }
    case Kind::write:
      return write(*node, change.offset, change.bytes,
                   std::max(node->bytes.size(), change.offset + change.bytes.size()));
    case Kind::truncate:
      // Writes zeros over what it cuts off, should the file grow again.
      return write(*node, change.offset, Bytes(node->bytes.size() - std::min(node->bytes.size(), change.offset)),
                   change.offset);
    case Kind::sync_file:
      node->synced_bytes = node->bytes;
      return node->unsynced_writes.clear();
    case Kind::rename:
      set_entry(change.to, node);
      return set_entry(change.path, nullptr);
    case Kind::remove:
      return set_entry(change.path, nullptr);
    case Kind::sync_folder:
      return node->unsynced.clear();
  }
}

std::map<std::string, Bytes> Disk::files() const {
  std::map<std::string, Bytes> files;
  const std::function<void(const Node&, const std::string&)> collect = [&](const Node& folder,
                                                                           const std::string& path) {
    for (const auto& [name, entry] : folder.entries) {
      if (entry->folder) {
        collect(*entry, path + name + "/");
      } else {
        files[path + name] = entry->bytes;
      }
    }
  };
  collect(*root_, "");
  return files;
}

}  // namespace countersign::test
