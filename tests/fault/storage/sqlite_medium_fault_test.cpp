// A SQLite medium stopped, or failed, at every change that SQLite makes to its files, its closing checkpoint included.
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <set>

#include "storage/sqlite_medium.hpp"
#include "tests/fault/storage/faulty_vfs.hpp"
#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;
using storage::SqliteMedium;

namespace {

const std::vector<Batch>& script() {
  static const std::vector<Batch> batches = [] {
    std::vector<Batch> out(4);
    out[0].put("users/a.account", to_bytes("active"));
    out[0].put("keys/7e83", to_bytes("a"));
    out[1].put("users/a.account", to_bytes("revoked"));
    out[1].put("users/a.rev", to_bytes(std::string(9000, 'r')));
    out[2].erase("keys/7e83");
    out[2].put("sessions/1", to_bytes("s"));
    out[3].erase("users/a.rev");
    out[3].put("audit/cli/1", to_bytes("ended"));
    return out;
  }();
  return batches;
}

const std::vector<Content>& states() {
  static const std::vector<Content> all = states_after(script());
  return all;
}

void require_old_or_new(Medium& medium, std::size_t acknowledged) {
  const Content content = content_of(medium);
  const bool is_old = content == states()[acknowledged];
  const bool is_new = acknowledged < script().size() && content == states()[acknowledged + 1];
  if (!is_old && !is_new) FAIL("neither the old state nor the new one after " << acknowledged << " commits");
  if (!put(medium, "afterwards", "x")) FAIL("does not go on");
}

// Runs the script and closes. Returns how many commits were acknowledged.
std::size_t run_script(const std::filesystem::path& file) {
  std::size_t acknowledged = 0;
  auto medium = SqliteMedium::open(file);
  if (!medium) return 0;
  for (const Batch& batch : script()) {
    const Status done = (*medium)->commit(batch);
    if (!done) {
      if (done.error().code != ErrorCode::storage_unavailable) FAIL(outcome(done) << ": " << done.error().detail);
      break;
    }
    ++acknowledged;
  }
  return acknowledged;
}

enum class Loss { none, all_unsynced, some_unsynced };

}  // namespace

TEST_CASE("S53 a SQLite medium stopped at any change to its files holds the old state or the new") {
  FaultyVfs vfs;
  std::mt19937 choose(20261121);
  std::size_t points = 0;
  std::set<std::size_t> reached;
  for (std::size_t at = 1;; ++at) {
    bool fired = false;
    for (const std::size_t torn : {std::size_t{0}, std::size_t{1}, std::size_t{2048}, std::size_t{1} << 20}) {
      for (const Loss loss : {Loss::none, Loss::all_unsynced, Loss::some_unsynced, Loss::some_unsynced}) {
        ScratchFolder scratch;
        const auto file = scratch.path() / "store.sqlite";
        vfs.plan({});
        REQUIRE(SqliteMedium::create(file));
        vfs.plan({at, torn, true});
        Disk disk = read_in(scratch.path());
        vfs.watch(scratch.path(), disk);
        const std::size_t acknowledged = run_script(file);
        vfs.watch_nothing();
        if (!vfs.fired()) break;
        fired = true;
        if (torn > 0 && !vfs.fired_in_write()) break;
        reached.insert(acknowledged);
        LeastKept least;
        RandomCut some(disk.now(), choose());
        if (loss == Loss::all_unsynced) write_out(disk.after(least), scratch.path());
        if (loss == Loss::some_unsynced) write_out(disk.after(some), scratch.path());
        vfs.plan({});
        CAPTURE(at, torn, static_cast<int>(loss), acknowledged);
        auto medium = SqliteMedium::open(file);
        if (!medium) FAIL(medium.error().detail);
        require_old_or_new(**medium, acknowledged);
        ++points;
      }
    }
    if (!fired) break;
  }
  CHECK(reached.size() == script().size() + 1);  // in every commit, and in the checkpoint after the last
  CHECK(points > 100);
  std::cout << "sqlite medium: " << points << " stops, each the old state or the new\n";
}

TEST_CASE("a SQLite medium whose n-th change fails once holds the old state or the new and goes on") {
  FaultyVfs vfs;
  std::size_t points = 0;
  for (std::size_t at = 1;; ++at) {
    ScratchFolder scratch;
    const auto file = scratch.path() / "store.sqlite";
    vfs.plan({});
    REQUIRE(SqliteMedium::create(file));
    vfs.plan({at, 1, false});
    CAPTURE(at);
    std::size_t acknowledged = 0;
    {
      auto medium = SqliteMedium::open(file);
      if (medium) {
        for (const Batch& batch : script()) {
          const Status done = (*medium)->commit(batch);
          if (!done) break;
          ++acknowledged;
        }
        // In the same process, without opening it again.
        if (vfs.fired()) require_old_or_new(**medium, acknowledged);
      }
    }
    if (!vfs.fired()) break;
    ++points;
    vfs.plan({});
    auto medium = SqliteMedium::open(file);
    if (!medium) FAIL(medium.error().detail);
    CHECK(outcome(put(**medium, "more", "x")) == "ok");
  }
  CHECK(points > 20);
  std::cout << "sqlite medium: " << points << " failed changes\n";
}

TEST_CASE("a SQLite medium whose making is cut is there and empty, or is not there and can be made") {
  FaultyVfs vfs;
  Disk disk;
  std::vector<DiskChange> changes;
  disk.record(&changes);
  {
    // What create() does besides SQLite: it makes the file, and renames it at the end.
    ScratchFolder scratch;
    disk.apply({DiskChange::Kind::create, "store.sqlite.new"});
    vfs.watch(scratch.path(), disk);
    REQUIRE(SqliteMedium::create(scratch.path() / "store.sqlite"));
    vfs.watch_nothing();
    disk.apply({DiskChange::Kind::rename, "store.sqlite.new", "store.sqlite"});
    disk.apply({DiskChange::Kind::sync_folder, ""});
  }
  Disk played;
  std::size_t absent = 0, there = 0;
  for (std::size_t point = 0; point <= changes.size(); ++point) {
    if (point > 0) played.apply(changes[point - 1]);
    for (unsigned seed = 0; seed < 20; ++seed) {
      ScratchFolder scratch;
      const auto file = scratch.path() / "store.sqlite";
      RandomCut cut(played.now(), seed);
      write_out(played.after(cut), scratch.path());
      CAPTURE(point, seed);
      if (std::filesystem::exists(file)) {
        ++there;
      } else {
        ++absent;
        if (point == changes.size()) FAIL("lost");
        REQUIRE(outcome(SqliteMedium::create(file)) == "ok");
      }
      auto medium = SqliteMedium::open(file);
      if (!medium) FAIL(medium.error().detail);
      REQUIRE(content_of(**medium).empty());
    }
  }
  CHECK(absent > 100);
  CHECK(there > 20);
  std::cout << "sqlite medium: " << absent + there << " states after a power cut while one was made\n";
}
