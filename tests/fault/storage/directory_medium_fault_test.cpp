// A directory medium stopped at every change that it makes to its files, and again while it recovers.
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <set>

#include "storage/directory_medium.hpp"
#include "storage/posix_file_system.hpp"
#include "tests/fault/storage/simulated_file_system.hpp"
#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::DirectoryMedium;
using storage::Medium;
using Plan = StoppingFileSystem::Plan;

namespace {

// Commits that between them do everything a batch can do to files.
const std::vector<Batch>& script() {
  static const std::vector<Batch> batches = [] {
    std::vector<Batch> out(6);
    out[0].put("users/a.pub", to_bytes("certificate of a"));
    out[0].put("users/a.account", to_bytes("active, epoch 1"));
    out[0].put("keys/7e83", to_bytes("a"));
    out[0].put("empty", {});
    out[1].put("users/a.account", to_bytes("revoked, epoch 2"));  // replaces
    out[1].put("users/a.rev", to_bytes("key_compromised"));
    out[1].erase("keys/7e83");  // leaves a folder empty
    out[2].put("sessions-of/a/1/x", to_bytes("deep"));
    out[2].put("sessions-of/a/2", to_bytes("deep too"));
    out[3].erase("sessions-of/a/1/x");  // a folder becomes a name
    out[3].put("sessions-of/a/1", to_bytes("flat"));
    out[3].erase("users/a.rev");
    out[4].erase("sessions-of/a/2");  // a name becomes a folder
    out[4].put("sessions-of/a/2/y", to_bytes("deep again"));
    out[4].put("users/a.pub", to_bytes(std::string(3000, 'c')));
    out[5].erase("users/a.pub");
    out[5].erase("users/a.account");
    out[5].erase("never/was");
    return out;
  }();
  return batches;
}

const std::vector<Content>& states() {
  static const std::vector<Content> all = states_after(script());
  return all;
}

struct Run {
  std::size_t acknowledged = 0;
  bool stopped = false;
  bool in_write = false;
};

// Opens and runs the script, until the plan stops it.
Run run_script(std::unique_ptr<storage::FileSystem> files, Plan plan, std::shared_ptr<std::size_t> changes) {
  Run run;
  try {
    auto medium = DirectoryMedium::open_on(std::make_unique<StoppingFileSystem>(std::move(files), plan, changes));
    if (!medium) throw std::runtime_error("open: " + medium.error().detail);
    for (const Batch& batch : script()) {
      const Status done = (*medium)->commit(batch);
      if (!done) throw std::runtime_error("commit: " + done.error().detail);
      ++run.acknowledged;
    }
  } catch (const Stopped& stop) {
    run.stopped = true;
    run.in_write = stop.in_write;
  }
  return run;
}

Disk fresh_disk() {
  Disk disk;
  SimulatedFileSystem files(disk);
  if (!DirectoryMedium::create_on(files)) throw std::runtime_error("create");
  return disk;
}

// Recovers, reads everything, and shows that the store goes on working. Returns how many commits it holds, or fails.
std::size_t recovered_state(Disk& disk, const Run& run, bool goes_on) {
  auto medium = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(disk));
  if (!medium) FAIL("does not open: " << medium.error().detail);
  const Content content = content_of(**medium);
  const bool is_old = content == states()[run.acknowledged];
  const bool is_new = run.acknowledged < script().size() && content == states()[run.acknowledged + 1];
  if (!is_old && !is_new) FAIL("neither the old state nor the new one after " << run.acknowledged << " commits");
  if (goes_on && !put(**medium, "afterwards", "x")) FAIL("does not go on");
  return run.acknowledged + (is_old ? 0 : 1);
}

// Torn::nothing is Torn::everything of the change before.
constexpr Torn kEveryTorn[] = {Torn::empty_file, Torn::one_byte, Torn::half, Torn::all_but_one_byte, Torn::everything};

// What the next process may find: all that was done, the least that was synced, and losses in any order.
std::vector<Disk> aftermaths(const Disk& disk, unsigned seed, int losses) {
  std::vector<Disk> out;
  out.push_back(disk.copy());
  LeastKept least;
  out.push_back(disk.after(least));
  for (int i = 0; i < losses; ++i) {
    RandomCut cut(disk.now(), seed + static_cast<unsigned>(i));
    out.push_back(disk.after(cut));
  }
  return out;
}

// Stops the recovery of that disk at every change it makes. Returns the number of points.
std::size_t stop_recovery_everywhere(const Disk& found, const Run& run, std::size_t expected, unsigned seed) {
  std::size_t points = 0;
  for (std::size_t at = 1;; ++at) {
    bool stopped = false;
    for (const Torn torn : {Torn::half, Torn::everything}) {
      Disk disk = found.copy();
      try {
        const auto changes = std::make_shared<std::size_t>(0);
        auto files =
            std::make_unique<StoppingFileSystem>(std::make_unique<SimulatedFileSystem>(disk), Plan{at, torn}, changes);
        (void)DirectoryMedium::open_on(std::move(files)).has_value();
      } catch (const Stopped& stop) {
        stopped = true;
        if (torn == Torn::half && !stop.in_write) continue;
        for (Disk& next : aftermaths(disk, seed + static_cast<unsigned>(at), 1)) {
          // The first thing it does is to make sure of the journal; before, a power loss may still take that away.
          const std::size_t state = recovered_state(next, run, false);
          if (state != expected && at > 1) FAIL("a stopped recovery changed the outcome");
          ++points;
        }
      }
    }
    if (!stopped) return points;
  }
}

// Of each stop so many aftermaths, and of the first few of them every stop of the recovery.
void stop_everywhere(int power_losses, int recoveries_max) {
  std::size_t points = 0;
  std::size_t recovery_points = 0;
  std::set<std::size_t> found_old, found_new;
  for (std::size_t at = 1;; ++at) {
    bool stopped = false;
    for (const Torn torn : kEveryTorn) {
      Disk disk = fresh_disk();
      const Run run =
          run_script(std::make_unique<SimulatedFileSystem>(disk), {at, torn}, std::make_shared<std::size_t>(0));
      if (!run.stopped) continue;
      stopped = true;
      if (torn != Torn::everything && !run.in_write) continue;
      CAPTURE(at, static_cast<int>(torn), run.acknowledged);
      unsigned seed = static_cast<unsigned>(at * 100);
      int recoveries = 0;
      for (const Disk& found : aftermaths(disk, seed, power_losses)) {
        Disk first = found.copy();
        const std::size_t state = recovered_state(first, run, true);
        (state == run.acknowledged ? found_old : found_new).insert(run.acknowledged);
        ++points;
        if (torn == Torn::everything && ++recoveries <= recoveries_max) {
          recovery_points += stop_recovery_everywhere(found, run, state, ++seed);
        }
      }
    }
    if (!stopped) break;
  }
  // The instrument reaches both sides of every commit.
  CHECK(found_old.size() == script().size());
  CHECK(found_new.size() == script().size());
  CHECK(points > 1000);
  CHECK(recovery_points > 1000);
  std::cout << "directory medium: " << points << " stops of a commit and " << recovery_points
            << " of a recovery, each the old state or the new\n";
}

}  // namespace

TEST_CASE(
    "S53 a directory medium stopped at any change holds the old state or the new and loses nothing acknowledged") {
  stop_everywhere(10, 2);
}

TEST_CASE("a directory medium stopped at any change in many more ways holds the old state or the new", "[.long]") {
  stop_everywhere(60, 20);
}

TEST_CASE("a directory medium that is stopped again and again in many commits loses nothing acknowledged") {
  // Many lives on one disk, each stopped at a random change and followed by a power loss or none.
  std::mt19937 choose(20261121);
  std::size_t lives = 0;
  for (int round = 0; round < 60; ++round) {
    Disk disk = fresh_disk();
    Content known;  // acknowledged
    for (int life = 0; life < 25; ++life, ++lives) {
      Content possible = known;
      try {
        const Plan plan{1 + choose() % 40, kEveryTorn[choose() % std::size(kEveryTorn)]};
        auto files = std::make_unique<StoppingFileSystem>(std::make_unique<SimulatedFileSystem>(disk), plan,
                                                          std::make_shared<std::size_t>(0));
        auto medium = DirectoryMedium::open_on(std::move(files));
        REQUIRE(medium.has_value());
        while (true) {
          Batch batch;
          possible = known;
          for (std::size_t i = 0; i <= choose() % 3; ++i) {
            const std::string name =
                std::string(1, static_cast<char>('a' + choose() % 3)) + "/" + std::to_string(choose() % 3);
            if (choose() % 3 == 0) {
              batch.erase(name);
              possible.erase(name);
            } else {
              const std::string value = std::to_string(choose());
              batch.put(name, to_bytes(value));
              possible[name] = value;
            }
          }
          const Status done = (*medium)->commit(batch);
          REQUIRE(outcome(done) == "ok");
          known = possible;
        }
      } catch (const Stopped&) {
      }
      RandomCut cut(disk.now(), choose());
      disk = choose() % 2 == 0 ? disk.copy() : disk.after(cut);
      // A look without recovery would be no look, so it is on a copy.
      Disk seen = disk.copy();
      auto medium = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(seen));
      REQUIRE(medium.has_value());
      const Content content = content_of(**medium);
      REQUIRE((content == known || content == possible));
      known = content;
    }
  }
  std::cout << "directory medium: " << lives << " lives ended at a random change\n";
}

TEST_CASE("a directory medium whose n-th change fails holds the old state or the new and goes on when it heals") {
  std::size_t points = 0;
  for (const bool for_ever : {false, true}) {
    for (const Torn torn : {Torn::nothing, Torn::half, Torn::everything}) {
      for (std::size_t at = 1;; ++at, ++points) {
        Disk disk = fresh_disk();
        const auto changes = std::make_shared<std::size_t>(0);
        Run run;
        bool failed = false;
        {
          auto files = std::make_unique<StoppingFileSystem>(std::make_unique<SimulatedFileSystem>(disk),
                                                            Plan{at, torn, true, for_ever}, changes);
          auto medium = DirectoryMedium::open_on(std::move(files));
          REQUIRE(medium.has_value());
          for (const Batch& batch : script()) {
            const Status done = (*medium)->commit(batch);
            if (!done) {
              if (done.error().code != ErrorCode::storage_unavailable)
                FAIL(outcome(done) << ": " << done.error().detail);
              failed = true;
              break;
            }
            ++run.acknowledged;
          }
        }
        CAPTURE(at, static_cast<int>(torn), for_ever);
        LeastKept least;
        Disk lost = disk.after(least);
        recovered_state(lost, run, true);
        recovered_state(disk, run, true);
        if (!failed && *changes < at) break;
      }
    }
  }
  std::cout << "directory medium: " << points << " failed changes\n";
}

TEST_CASE("a directory medium stopped at any change to real files holds the old state or the new") {
  std::size_t points = 0;
  for (std::size_t at = 1;; ++at) {
    bool stopped = false;
    for (const Torn torn : {Torn::nothing, Torn::half, Torn::everything}) {
      ScratchFolder scratch;
      REQUIRE(DirectoryMedium::create(scratch.path()));
      auto files = storage::PosixFileSystem::open(scratch.path(), "@lock", std::chrono::milliseconds(5000));
      REQUIRE(files.has_value());
      const Run run = run_script(*std::move(files), {at, torn}, std::make_shared<std::size_t>(0));
      if (!run.stopped) continue;
      stopped = true;
      ++points;
      CAPTURE(at, static_cast<int>(torn));
      auto medium = DirectoryMedium::open(scratch.path());
      if (!medium) FAIL(medium.error().detail);
      const Content content = content_of(**medium);
      const bool is_known = content == states()[run.acknowledged] || content == states()[run.acknowledged + 1];
      if (!is_known) FAIL("neither the old state nor the new one");
    }
    if (!stopped) break;
  }
  CHECK(points > 100);
  std::cout << "directory medium: " << points << " stops over real files\n";
}

TEST_CASE("a commit that was stopped and that another completes has given another mark") {
  std::size_t completed = 0;
  for (std::size_t at = 1;; ++at) {
    bool stopped = false;
    for (const Torn torn : kEveryTorn) {
      Disk disk = fresh_disk();
      const auto survivor = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(disk));
      REQUIRE(survivor.has_value());
      auto mark = (*survivor)->mark();
      Content content = content_of(**survivor);
      try {
        auto files = std::make_unique<StoppingFileSystem>(std::make_unique<SimulatedFileSystem>(disk), Plan{at, torn},
                                                          std::make_shared<std::size_t>(0));
        const auto medium = DirectoryMedium::open_on(std::move(files));
        REQUIRE(medium.has_value());
        for (const Batch& batch : script()) {
          if (!(*medium)->commit(batch)) FAIL("commit");
          mark = (*survivor)->mark();
          content = content_of(**survivor);
        }
      } catch (const Stopped&) {
        stopped = true;
      }
      CAPTURE(at, static_cast<int>(torn));
      REQUIRE(mark.has_value());
      const auto now = (*survivor)->mark();
      REQUIRE(now.has_value());
      if (content_of(**survivor) == content) continue;
      ++completed;
      if (*now == *mark) FAIL("the same mark for other records");
    }
    if (!stopped) break;
  }
  CHECK(completed > 50);
}

TEST_CASE("a create that is stopped leaves nothing that opens and is completed by another") {
  for (std::size_t at = 1;; ++at) {
    Disk disk;
    bool stopped = false;
    try {
      StoppingFileSystem files(std::make_unique<SimulatedFileSystem>(disk), {at, Torn::half},
                               std::make_shared<std::size_t>(0));
      const Status done = DirectoryMedium::create_on(files);
      CHECK(outcome(done) == "ok");
    } catch (const Stopped&) {
      stopped = true;
    }
    if (!stopped) break;
    for (Disk& found : aftermaths(disk, static_cast<unsigned>(at), 8)) {
      auto opened = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(found));
      if (!opened) {
        CHECK(opened.error().code == ErrorCode::startup_refused);
        SimulatedFileSystem files(found);
        CHECK(outcome(DirectoryMedium::create_on(files)) == "ok");
      }
      auto medium = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(found));
      REQUIRE(medium.has_value());
      CHECK(outcome(put(**medium, "a", "x")) == "ok");
    }
  }
}
