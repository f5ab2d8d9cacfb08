#include "storage/sqlite_medium.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::SqliteMedium;
namespace fs = std::filesystem;

namespace {

// What an operator, or a thief of the folder, would do to the file with the stock shell.
void with_sqlite3(const fs::path& file, const std::string& sql) {
  const std::string command = "sqlite3 '" + file.native() + "' \"" + sql + "\" >/dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
}

ErrorCode refusal(const fs::path& file) {
  const auto medium = SqliteMedium::open(file);
  REQUIRE_FALSE(medium.has_value());
  UNSCOPED_INFO(medium.error().detail);
  return medium.error().code;
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const fs::path& file) {
  struct stat facts {};
  REQUIRE(lstat(file.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

struct SqliteStore {
  SqliteStore() { REQUIRE(SqliteMedium::create(file)); }
  std::unique_ptr<SqliteMedium> open() {
    auto medium = SqliteMedium::open(file);
    if (!medium) FAIL(medium.error().detail);
    return *std::move(medium);
  }
  ScratchFolder scratch;
  fs::path file = scratch.path() / "store.sqlite";
  fs::path log = scratch.path() / "store.sqlite-wal";
};

}  // namespace

TEST_CASE("the database and everything beside it is its owner's alone whatever the umask") {
  const mode_t before = umask(0);
  SqliteStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a", "x"));
  umask(before);
  for (const auto& entry : fs::directory_iterator(store.scratch.path())) {
    CAPTURE(entry.path().native());
    CHECK(mode_of(entry.path()) == 0600);
  }
  CHECK(fs::exists(store.log));
}

TEST_CASE("S76 a database that others may read is not opened") {
  SqliteStore store;
  for (const mode_t mode : std::initializer_list<mode_t>{0640, 0604, 0660, 0700 | 01}) {
    REQUIRE(chmod(store.file.c_str(), mode) == 0);
    CHECK(refusal(store.file) == ErrorCode::startup_refused);
  }
  REQUIRE(chmod(store.file.c_str(), 0600) == 0);
  auto medium = store.open();
  REQUIRE(put(*medium, "a", "x"));
  REQUIRE(chmod(store.log.c_str(), 0644) == 0);
  CHECK(refusal(store.file) == ErrorCode::startup_refused);
}

TEST_CASE("S76 a schema newer than the program is not opened") {
  SqliteStore store;
  with_sqlite3(store.file, "PRAGMA user_version=2");
  CHECK(refusal(store.file) == ErrorCode::startup_refused);
}

TEST_CASE("S76 a database that is not ours is not opened") {
  SqliteStore store;
  SECTION("another application's") {
    with_sqlite3(store.file, "PRAGMA application_id=1");
  }
  SECTION("one with a trigger in it") {
    with_sqlite3(store.file,
                 "CREATE TRIGGER t AFTER DELETE ON entries BEGIN INSERT INTO entries VALUES "
                 "(old.name, old.bytes); END");
  }
  SECTION("one with another table") {
    with_sqlite3(store.file, "CREATE TABLE more (x)");
  }
  SECTION("one with a view in the place of the table") {
    with_sqlite3(store.file, "ALTER TABLE entries RENAME TO e2; CREATE VIEW entries AS SELECT * FROM e2");
  }
  SECTION("no database at all") {
    std::ofstream(store.file, std::ios::trunc) << std::string(8192, 'x');
  }
  SECTION("an empty file") {
    std::ofstream(store.file, std::ios::trunc).flush();
  }
  SECTION("a folder") {
    fs::remove(store.file);
    fs::create_directory(store.file);
  }
  CHECK(refusal(store.file) == ErrorCode::startup_refused);
}

TEST_CASE("S76 damage behind the first pages is found by a check, and opening costs the same at any size") {
  SqliteStore store;
  {
    auto medium = store.open();
    Batch batch;
    for (int i = 1000; i < 1400; ++i) batch.put("n/" + std::to_string(i), to_bytes(std::string(100, 'v')));
    REQUIRE(medium->commit(batch));
  }
  REQUIRE_FALSE(fs::exists(store.log));  // so that the file is everything
  const std::string intact = content_of(store.file);
  REQUIRE(intact.size() > 6 * 4096);
  for (std::size_t page = 2; page < 6; ++page) {
    std::string damaged = intact;
    for (std::size_t i = 0; i < 16; ++i) damaged[page * 4096 + i] = static_cast<char>(0x5a);
    std::ofstream(store.file, std::ios::binary | std::ios::trunc) << damaged;
    CAPTURE(page);
    CHECK(outcome(store.open()->check()) == "record_unreadable");
  }
  std::ofstream(store.file, std::ios::binary | std::ios::trunc) << intact;
  CHECK(store.open()->check());
}

TEST_CASE("space that nothing uses any more is given back a piece at a time, and what is kept stays") {
  SqliteStore store;
  auto medium = store.open();
  const auto name = [](int i) { return "n/" + std::to_string(i); };
  for (int i = 1000; i < 4000; i += 100) {
    Batch batch;
    for (int j = i; j < i + 100; ++j) batch.put(name(j), to_bytes(std::string(8000, 'v')));
    REQUIRE(medium->commit(batch));
  }
  REQUIRE(medium->tidy());
  Batch batch;
  for (int i = 1000; i < 4000; ++i) {
    if (i % 100 != 0) batch.erase(name(i));
  }
  REQUIRE(medium->commit(batch));
  medium.reset();
  const auto full = fs::file_size(store.file);
  REQUIRE(full > 20u << 20);
  medium = store.open();
  std::size_t pieces = 0;
  for (std::uintmax_t before = full, after = 0; before != after; ++pieces) {
    for (int i = 0; i < 10; ++i) REQUIRE(medium->tidy());
    before = after;
    medium.reset();
    after = fs::file_size(store.file);
    medium = store.open();
  }
  CHECK(pieces > 2);
  CHECK(fs::file_size(store.file) < 6u << 20);  // what is kept, and 4 MiB for what comes
  CHECK(medium->check());
  for (int i = 1000; i < 4000; i += 100) CHECK(medium->read(name(i)).value().bytes.size() == 8000);
}

TEST_CASE("a page damaged under a running server is record_unreadable and not an answer") {
  SqliteStore store;
  {
    auto medium = store.open();
    Batch batch;
    for (int i = 1000; i < 3000; ++i) batch.put("n/" + std::to_string(i), to_bytes(std::string(200, 'v')));
    REQUIRE(medium->commit(batch));
  }
  auto medium = store.open();
  const auto size = fs::file_size(store.file);
  {
    // In place: a truncated file would be another damage.
    std::fstream out(store.file, std::ios::binary | std::ios::in | std::ios::out);
    for (std::size_t page = 1; page < size / 4096; ++page) {
      out.seekp(static_cast<std::streamoff>(page * 4096));
      out << std::string(64, '\x5a');
    }
  }
  CHECK(text_of(*medium, "n/2000") == "<record_unreadable>");
  CHECK(medium->list("n/", "", 5000).error().code == ErrorCode::record_unreadable);
  CHECK(outcome(put(*medium, "n/2000", "x")) == "record_unreadable");
}

TEST_CASE("a database behind a symbolic link is not opened but a folder behind one is") {
  SqliteStore store;
  const fs::path link = store.scratch.path() / "link.sqlite";
  fs::create_symlink(store.file, link);
  CHECK(refusal(link) == ErrorCode::startup_refused);
  ScratchFolder elsewhere;
  fs::create_directory_symlink(store.scratch.path(), elsewhere.path() / "data");
  CHECK(SqliteMedium::open(elsewhere.path() / "data" / "store.sqlite").has_value());
}

TEST_CASE("create refuses a log without its database because it would be replayed into the new one") {
  SqliteStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "revoked", "x"));
  fs::copy_file(store.log, store.scratch.path() / "kept");
  medium.reset();
  fs::remove(store.file);
  fs::rename(store.scratch.path() / "kept", store.log);
  CHECK(outcome(SqliteMedium::create(store.file)) == "conflict");
  fs::remove(store.log);
  CHECK(outcome(SqliteMedium::create(store.file)) == "ok");
}

TEST_CASE("create leaves no half made database and takes over what a stopped one left") {
  ScratchFolder scratch;
  const fs::path file = scratch.path() / "store.sqlite";
  std::ofstream(file.native() + ".new") << "half";
  std::ofstream(file.native() + ".new-wal") << "half";
  REQUIRE(outcome(SqliteMedium::create(file)) == "ok");
  CHECK_FALSE(fs::exists(file.native() + ".new"));
  CHECK_FALSE(fs::exists(file.native() + ".new-wal"));
  CHECK(SqliteMedium::open(file).has_value());
  CHECK(outcome(SqliteMedium::create(scratch.path() / "nowhere" / "store.sqlite")) == "startup_refused");
}

TEST_CASE("exactly one of several media checkpoints and another takes over when it ends") {
  SqliteStore store;
  auto first = store.open();
  auto second = store.open();
  REQUIRE(put(*second, "a", "x"));
  second.reset();  // not the one who may: the log stays although nobody else writes
  CHECK(fs::exists(store.log));
  second = store.open();
  first.reset();  // not the last connection: no checkpoint here either
  CHECK(fs::exists(store.log));
  REQUIRE(put(*second, "b", "x"));  // takes the lock over
  second.reset();
  CHECK_FALSE(fs::exists(store.log));
  auto third = store.open();
  CHECK(text_of(*third, "a") == "x");
  CHECK(text_of(*third, "b") == "x");
}

TEST_CASE("the log does not grow for ever beside a process that came second and stayed") {
  SqliteStore store;
  auto first = store.open();
  auto second = store.open();
  first.reset();
  const std::string value(100'000, 'v');
  for (int i = 0; i < 150; ++i) REQUIRE(put(*second, "a", value + std::to_string(i)));  // 15 MB in all
  CHECK(fs::file_size(store.log) < 10'000'000);
}

TEST_CASE("a writer that is busy for too long is storage_unavailable and readers and marks go on") {
  SqliteStore store;
  auto medium = SqliteMedium::open_with_timeout(store.file, std::chrono::milliseconds(30));
  REQUIRE(medium.has_value());
  REQUIRE(put(**medium, "a", "x"));
  const fs::path ready = store.scratch.path() / "ready";
  const fs::path release = store.scratch.path() / "release";
  REQUIRE(mkfifo(release.c_str(), 0600) == 0);
  const std::string command = "(echo 'BEGIN IMMEDIATE;'; echo '.shell touch " + ready.native() +
                              "'; echo '.shell cat " + release.native() + " >/dev/null'; echo 'COMMIT;') | sqlite3 '" +
                              store.file.native() + "' &";
  REQUIRE(std::system(command.c_str()) == 0);
  for (int i = 0; i < 2000 && !fs::exists(ready); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  REQUIRE(fs::exists(ready));
  const auto mark = (*medium)->mark();
  CHECK(outcome(put(**medium, "a", "y")) == "storage_unavailable");
  CHECK(text_of(**medium, "a") == "x");
  CHECK((*medium)->mark().value() == mark.value());
  std::ofstream(release) << "go\n";
  auto patient = store.open();
  CHECK(outcome(put(*patient, "a", "z")) == "ok");
  CHECK(outcome(put(**medium, "a", "y")) == "ok");
}

TEST_CASE("a mark after a failure equals none before it, though SQLite counts anew") {
  SqliteStore store;
  REQUIRE(put(*store.open(), "a", "x"));  // in the one file, now that it is closed
  auto medium = store.open();
  std::vector<storage::Mark> marks;
  const auto is_new = [&] {
    const auto mark = medium->mark();
    REQUIRE(mark.has_value());
    const bool found = std::find(marks.begin(), marks.end(), *mark) != marks.end();
    marks.push_back(*mark);
    return !found;
  };
  // No descriptor is left, so that the database cannot be opened.
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto refused = medium->mark();
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(refused.error().code == ErrorCode::storage_unavailable);
  CHECK(is_new());
  // Damage to the first page, which is read again once somebody committed.
  std::fstream file(store.file, std::ios::binary | std::ios::in | std::ios::out);
  std::string head(16, 0);
  file.read(head.data(), 16);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    REQUIRE(put(*medium, "a", std::to_string(round)));
    file.seekp(0);
    file << std::string(16, '\x5a') << std::flush;
    CHECK(medium->mark().error().code == ErrorCode::record_unreadable);
    file.seekp(0);
    file << head << std::flush;
    CHECK(is_new());
    REQUIRE(put(*medium, "a", "y"));
    CHECK(is_new());
  }
}

TEST_CASE("a full disk is storage_unavailable and leaves the old state") {
  SqliteStore store;
  {
    auto medium = store.open();
    REQUIRE(put(*medium, "a", "old"));
  }
  // The kernel's limit on file sizes, in a child, for it cannot be raised again by who is not root.
  const int status = wait_for(in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    auto medium = SqliteMedium::open(store.file);
    if (!medium) return 1;
    if (!put(**medium, "a", "newer")) return 2;
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    rlimit tight = limit;
    tight.rlim_cur = 64 * 1024;
    if (setrlimit(RLIMIT_FSIZE, &tight) != 0) return 3;
    Batch batch;
    batch.put("a", to_bytes("half"));
    for (int i = 0; i < 20; ++i) batch.put("big/" + std::to_string(i), Bytes(20'000, 0x55));
    if (outcome((*medium)->commit(batch)) != "storage_unavailable") return 4;
    if (text_of(**medium, "a") != "newer") return 5;
    if (text_of(**medium, "big/0") != "<absent>") return 6;
    setrlimit(RLIMIT_FSIZE, &limit);
    return outcome((*medium)->commit(batch)) == "ok" ? 0 : 7;
  }));
  CHECK(status == 0);
  auto medium = store.open();
  CHECK(text_of(*medium, "a") == "half");
}

TEST_CASE("S14 an erased value is not left in the database file") {
  SqliteStore store;
  const std::string legacy = "lthn-hash-that-is-to-be-gone-6de4d163";
  {
    auto medium = store.open();
    REQUIRE(put(*medium, "users/a.lthn", legacy));
  }
  CHECK(content_of(store.file).find(legacy) != std::string::npos);
  {
    auto medium = store.open();
    REQUIRE(erase(*medium, "users/a.lthn"));
  }
  REQUIRE_FALSE(fs::exists(store.log));
  CHECK(content_of(store.file).find(legacy) == std::string::npos);
}

TEST_CASE("more readers than the pool holds all get their answer") {
  SqliteStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a", "x"));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 24; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        if (text_of(*medium, "a") != "x") ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
