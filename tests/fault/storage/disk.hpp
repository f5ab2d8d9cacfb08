// A disk in memory that remembers what was synced, and what a power cut leaves of the rest.
//
// What survives a cut, each on its own and in any combination:
//   - of a file, its size and every sector of 512 bytes, in any state that it has had since the last sync_file of that
//     file. A size may also stop at any sector on the way to a larger one. A sector that the size covers and that was
//     never written holds zeros or what some other file once left there.
//   - of a folder, every entry, in any state that it has had since the last sync_folder of that folder. So of a rename
//     that was not synced either half may be lost, both or none; only what it replaces is never lost with it. A file
//     that is synced may be lost by its entry, and a folder that is synced by its own.
// What is promised: a sync lets everything survive that was done to that file or folder before. A write changes no byte
// beside its own ("powersafe overwrite", sqlite.org/psow.html), and a sector is written whole or not at all.
//
// That is the least that POSIX says of fsync, with atomic sectors: what Pillai et al., "All File Systems Are Not
// Created Equal" (OSDI 2014, §2.3 and §3), have their tool ALICE assume by default. ext4, XFS and btrfs leave fewer
// states: their journals keep the order of what happens to folders, and both halves of a rename together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/base/bytes.hpp"

namespace countersign::test {

inline constexpr std::size_t kSectorBytes = 512;

struct DiskChange {
  enum class Kind { create, write, truncate, sync_file, rename, remove, make_folder, sync_folder };
  Kind kind;
  std::string path;        // parts joined by '/'; "" is the disk itself
  std::string to = {};     // of a rename
  std::size_t offset = 0;  // of a write; of a truncation the new size
  Bytes bytes = {};        // of a write
};

bool is_sync(const DiskChange& change);

// Chooses what a power cut leaves. `since` has a time for every state that a thing may be left in, the oldest first,
// which is what was synced; the answer is an index into it.
class PowerCut {
 public:
  virtual ~PowerCut() = default;
  virtual std::size_t choose(const std::vector<std::size_t>& since) = 0;
};

// Leaves nothing but what was synced.
class LeastKept final : public PowerCut {
 public:
  std::size_t choose(const std::vector<std::size_t>&) override { return 0; }
};

// Leaves all up to a moment, only what came after it, nearly all, nearly nothing, or anything, by its seed.
class RandomCut final : public PowerCut {
 public:
  RandomCut(std::size_t now, std::uint_fast32_t seed);
  std::size_t choose(const std::vector<std::size_t>& since) override;

 private:
  std::mt19937 random_;
  unsigned leaning_;
  std::size_t moment_;
};

// Every cut that there is, one after the other, until next() says that all have been.
class EveryCut final : public PowerCut {
 public:
  std::size_t choose(const std::vector<std::size_t>& since) override;
  bool next();

 private:
  struct Digit {
    std::size_t value;
    std::size_t end;
  };
  std::vector<Digit> digits_;
  std::size_t at_ = 0;
};

class Disk {
 public:
  Disk();
  // As the next process finds it when only the process died.
  Disk copy() const;
  Disk after(PowerCut& cut) const;
  // All that is there survives from now on.
  void sync_all();

  // A change that is possible: what it names is there, and what it makes is not.
  void apply(const DiskChange& change);
  // From now on every change is also added to `changes`, which outlives this; null: no longer.
  void record(std::vector<DiskChange>* changes) { recorded_ = changes; }
  // How many changes there were.
  std::size_t now() const { return now_; }

  // What it holds beside folders.
  std::map<std::string, Bytes> files() const;

 private:
  friend class SimulatedFileSystem;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Write {
    std::size_t time;
    std::size_t offset;
    Bytes bytes;
    std::size_t size_after;
  };
  struct State {
    std::size_t time;
    NodePtr node;  // null: absent
  };
  struct Node {
    bool folder = false;
    Bytes bytes;
    Bytes synced_bytes;
    std::vector<Write> unsynced_writes;
    std::map<std::string, NodePtr> entries;
    // Of each entry that changed since the last sync: the synced state, then every one it has had.
    std::map<std::string, std::vector<State>> unsynced;
  };
  // Nodes that were one are one in the copy, too: a lost half of a rename leaves two names of one file.
  using Twins = std::unordered_map<const Node*, NodePtr>;
  static NodePtr copy_of(const NodePtr& node, Twins& twins);
  static NodePtr survivor_of(const NodePtr& node, PowerCut& cut, Twins& twins);
  static Bytes surviving_bytes(const Node& file, PowerCut& cut);

  NodePtr find(const std::string& path) const;
  void set_entry(const std::string& path, NodePtr node);
  void write(Node& file, std::size_t offset, const Bytes& bytes, std::size_t size_after);

  NodePtr root_;
  std::size_t now_ = 0;
  std::vector<DiskChange>* recorded_ = nullptr;
};

// A path's folder and its last part.
std::pair<std::string, std::string> split_path(const std::string& path);

}  // namespace countersign::test
