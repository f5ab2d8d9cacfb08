#include "tests/fault/storage/power_cut.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "storage/directory_medium.hpp"
#include "storage/sqlite_connection.hpp"
#include "storage/sqlite_medium.hpp"
#include "tests/fault/storage/faulty_vfs.hpp"
#include "tests/fault/storage/simulated_file_system.hpp"

namespace countersign::test {

using storage::Batch;
using storage::DirectoryMedium;
using storage::Medium;
using storage::SqliteMedium;

namespace {

using Open = std::function<Result<std::unique_ptr<Medium>>()>;

std::unique_ptr<Medium> must_open(const Open& open) {
  auto medium = open();
  if (!medium) throw std::runtime_error("open: " + medium.error().detail);
  return *std::move(medium);
}

// `after_each` has a turn between two batches.
void run(Life& life, const Open& open, const std::vector<Batch>& batches, const std::function<void()>& after_each) {
  const auto medium = must_open(open);
  life.opened = life.changes.size();
  const Content before = content_of(*medium);
  life.states = states_after(batches, before);
  for (const Batch& batch : batches) {
    life.begun.push_back(life.changes.size());
    const Status done = medium->commit(batch);
    if (!done) throw std::runtime_error("commit: " + done.error().detail);
    life.returned.push_back(life.changes.size());
    after_each();
  }
}

Verdict judge_opened(const Open& open, const std::vector<Content>& allowed) try {
  Verdict verdict;
  {
    const auto medium = open();
    if (!medium) return {"does not open: " + medium.error().detail, {}};
    verdict.found = content_of(**medium);
    if (std::find(allowed.begin(), allowed.end(), verdict.found) == allowed.end()) {
      return {"holds neither the old state nor the new", verdict.found};
    }
    const Status done = put(**medium, "afterwards", "x");
    if (!done) return {"does not go on: " + done.error().detail, verdict.found};
  }
  const auto again = open();
  if (!again) return {"does not open again: " + again.error().detail, verdict.found};
  Content expected = verdict.found;
  expected["afterwards"] = "x";
  if (content_of(**again) != expected) verdict.fault = "goes on and does not keep it";
  return verdict;
} catch (const std::exception& exception) {
  return {std::string("cannot be read: ") + exception.what(), {}};
}

class DirectoryCutStore final : public CutStore {
 public:
  Disk fresh() override {
    Disk disk;
    SimulatedFileSystem files(disk);
    const Status created = DirectoryMedium::create_on(files);
    if (!created) throw std::runtime_error("create: " + outcome(created));
    disk.sync_all();
    return disk;
  }
  Life live(const Disk& before, const std::vector<Batch>& batches) override {
    Life life{before.copy(), {}, {}, {}, {}};
    Disk disk = before.copy();
    disk.record(&life.changes);
    run(life, opener(disk), batches, [] {});
    return life;
  }
  Verdict judge(const Disk& found, const std::vector<Content>& allowed) override {
    Disk disk = found.copy();
    return judge_opened(opener(disk), allowed);
  }

 private:
  static Open opener(Disk& disk) {
    return [&]() -> Result<std::unique_ptr<Medium>> {
      return TRY(DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(disk)));
    };
  }
};

class SqliteCutStore final : public CutStore {
 public:
  Disk fresh() override {
    ScratchFolder scratch;
    const Status created = SqliteMedium::create(file_in(scratch));
    if (!created) throw std::runtime_error("create: " + outcome(created));
    return read_in(scratch.path());
  }
  Life live(const Disk& before, const std::vector<Batch>& batches) override {
    Life life{before.copy(), {}, {}, {}, {}};
    Disk disk = before.copy();
    disk.record(&life.changes);
    ScratchFolder scratch;
    write_out(disk, scratch.path());
    vfs_.watch(scratch.path(), disk);
    std::size_t count = 0;
    // What a full log brings about now and then, here brought about often: the log begins anew in the same file.
    run(life, opener(scratch), batches, [&] {
      if (++count % 3 == 0) connect(scratch).exec("PRAGMA wal_checkpoint(PASSIVE)");
    });
    vfs_.watch_nothing();
    return life;
  }
  Verdict judge(const Disk& found, const std::vector<Content>& allowed) override {
    ScratchFolder scratch;
    write_out(found, scratch.path());
    // The index in shared memory is never synced, and may be anything.
    std::ofstream(scratch.path() / "store.sqlite-shm") << std::string(32768, 'x');
    std::filesystem::permissions(scratch.path() / "store.sqlite-shm", std::filesystem::perms(0600));
    Verdict verdict = judge_opened(opener(scratch), allowed);
    if (!verdict.fault.empty()) return verdict;
    auto database = connect(scratch);
    const Status checked = storage::check_integrity(database);
    if (!checked) verdict.fault = checked.error().detail;
    return verdict;
  }

 private:
  static std::filesystem::path file_in(const ScratchFolder& scratch) { return scratch.path() / "store.sqlite"; }
  static SQLite::Database connect(const ScratchFolder& scratch) {
    return storage::connect_sqlite(file_in(scratch), std::chrono::milliseconds(1000));
  }
  static Open opener(const ScratchFolder& scratch) {
    return [&]() -> Result<std::unique_ptr<Medium>> { return TRY(SqliteMedium::open(file_in(scratch))); };
  }

  FaultyVfs vfs_;
};

}  // namespace

std::unique_ptr<CutStore> cut_store(MediumKind kind) {
  if (kind == MediumKind::directory) return std::make_unique<DirectoryCutStore>();
  return std::make_unique<SqliteCutStore>();
}

std::vector<Content> Life::allowed_after(std::size_t changes_made) const {
  const auto done = static_cast<std::size_t>(
      std::count_if(returned.begin(), returned.end(), [&](std::size_t at) { return at <= changes_made; }));
  std::vector<Content> allowed = {states[done]};
  if (done < begun.size() && begun[done] < changes_made) allowed.push_back(states[done + 1]);
  if (changes_made < opened) allowed.insert(allowed.end(), left_open.begin(), left_open.end());
  return allowed;
}

std::vector<Batch> random_batches(std::mt19937& random, Content before, std::size_t count) {
  static const std::vector<std::string> kNames = {"a",     "a/1",   "a/1/x", "a/2",   "b/1", "b/2",
                                                  "b/2/y", "b/2/z", "c",     "d/e/f", "d/e", "g"};
  static const std::vector<std::size_t> kSizes = {0, 1, 20, 60, 300, 511, 512, 513, 1500, 3000, 9000};
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < count; ++i) {
    Batch batch;
    for (std::size_t changes = 1 + random() % 4; changes > 0; --changes) {
      const std::string name = pick(kNames);
      if (random() % 4 == 0) {
        batch.erase(name);
        before.erase(name);
        continue;
      }
      // No name is another's folder.
      for (auto other = before.begin(); other != before.end();) {
        const bool gives_way = name.starts_with(other->first + "/") || other->first.starts_with(name + "/");
        if (gives_way) batch.erase(other->first);
        other = gives_way ? before.erase(other) : std::next(other);
      }
      // Values that differ from one batch to the next throughout.
      const std::string value(pick(kSizes), static_cast<char>('a' + random() % 26));
      before[name] = value;
      batch.put(name, as_bytes(value));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

namespace {

void play(const Life& life, std::size_t change, const Swallows& swallows, Disk& disk) {
  if (!is_sync(life.changes[change]) || !swallows(change)) disk.apply(life.changes[change]);
}

// Has the disk at most so many states to be left in?
bool has_at_most(const Disk& disk, std::size_t states) {
  EveryCut cut;
  for (std::size_t i = 0; i < states; ++i) {
    (void)disk.after(cut);
    if (!cut.next()) return true;
  }
  return false;
}

}  // namespace

Disk disk_after(const Life& life, std::size_t changes_made) {
  Disk disk = life.before.copy();
  for (std::size_t change = 0; change < changes_made; ++change) play(life, change, swallows_none, disk);
  return disk;
}

std::optional<std::string> find_fault(CutStore& store, const Life& life, const Examination& how, Figures& figures) {
  Disk disk = life.before.copy();
  for (std::size_t point = 0; point <= life.changes.size(); ++point) {
    if (point > 0) play(life, point - 1, how.swallows, disk);
    if (point < how.first_point) continue;
    const std::vector<Content> allowed = life.allowed_after(point);
    const auto fault_after = [&](PowerCut& cut, const std::string& which) -> std::optional<std::string> {
      ++figures.cuts;
      const Verdict verdict = store.judge(disk.after(cut), allowed);
      if (verdict.fault.empty()) return std::nullopt;
      return verdict.fault + ", cut after change " + std::to_string(point) + " of " +
             std::to_string(life.changes.size()) + ", " + which;
    };
    ++figures.points;
    if (has_at_most(disk, how.cuts_a_point)) {
      ++figures.exhausted;
      EveryCut every;
      std::size_t number = 0;
      do {
        if (auto fault = fault_after(every, "the way numbered " + std::to_string(number++))) return fault;
      } while (every.next());
      continue;
    }
    LeastKept least;
    if (auto fault = fault_after(least, "nothing kept")) return fault;
    for (std::size_t i = 1; i < how.cuts_a_point; ++i) {
      const std::uint_fast32_t seed = how.seed + point * 1000 + i;
      RandomCut cut(disk.now(), seed);
      if (auto fault = fault_after(cut, "seed " + std::to_string(seed))) return fault;
    }
  }
  return std::nullopt;
}

}  // namespace countersign::test
