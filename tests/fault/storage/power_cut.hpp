// Stores whose power is cut, and the judge of what is found afterwards.
//
// A store lives over a disk: it is opened, takes batches and is closed, and all that it does to the disk is recorded.
// Then the record is played again and the power is cut between any two changes. What the disk may hold is judged: every
// batch whose commit had returned is wholly there, the one under way wholly or not at all, nothing else is another, and
// the store goes on.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/fault/storage/disk.hpp"
#include "tests/support/media.hpp"

namespace countersign::test {

struct Life {
  Disk before;
  std::vector<DiskChange> changes;
  // What the store holds after none, one, ... of the batches of this life.
  std::vector<Content> states;
  // How many changes there were when each commit began, and when it had returned.
  std::vector<std::size_t> begun;
  std::vector<std::size_t> returned;
  // What may also be found until the store was opened, and after how many changes that was: what began in a life that
  // was killed. Once the store is open somebody may have read it, so it may not go or come any more.
  std::vector<Content> left_open = {};
  std::size_t opened = 0;

  // What may be found where the power is cut after so many changes.
  std::vector<Content> allowed_after(std::size_t changes_made) const;
};

struct Verdict {
  std::string fault;  // empty: none
  Content found;      // what the store held, where it could be read
};

// Any kind of store. What fails here and is no fault of the store throws.
class CutStore {
 public:
  virtual ~CutStore() = default;
  // A new store, all of it synced.
  virtual Disk fresh() = 0;
  virtual Life live(const Disk& before, const std::vector<storage::Batch>& batches) = 0;
  virtual Verdict judge(const Disk& found, const std::vector<Content>& allowed) = 0;
};
// One for each persistent medium. The one of SQLite is SQLite's default file system while it lives.
std::unique_ptr<CutStore> cut_store(MediumKind kind);

// Batches of puts and erases, where names become folders and folders names, over what the store holds before.
std::vector<storage::Batch> random_batches(std::mt19937& random, Content before, std::size_t count);

// Of a record's changes: a sync that is swallowed says that it is done and does nothing.
using Swallows = std::function<bool(std::size_t)>;
inline bool swallows_none(std::size_t) {
  return false;
}

// The disk of that life after so many changes.
Disk disk_after(const Life& life, std::size_t changes_made);

struct Examination {
  // The cuts of a point are all taken where there are at most so many, else so many are sampled.
  std::size_t cuts_a_point = 0;
  std::uint_fast32_t seed = 0;
  std::size_t first_point = 0;
  Swallows swallows = swallows_none;
};

struct Figures {
  std::size_t points = 0;
  std::size_t exhausted = 0;  // points whose every cut was judged
  std::size_t cuts = 0;
};

// Cuts the power at every point of that life from the first on. The first fault, and where; nothing where there is
// none.
std::optional<std::string> find_fault(CutStore& store, const Life& life, const Examination& how, Figures& figures);

}  // namespace countersign::test
