#include "storage/directory_medium.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/directory_journal.hpp"
#include "storage/posix_file_system.hpp"
#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::DirectoryMedium;
namespace fs = std::filesystem;

namespace {

struct DirectoryStore {
  DirectoryStore() { REQUIRE(DirectoryMedium::create(folder)); }
  std::unique_ptr<DirectoryMedium> open() {
    auto medium = DirectoryMedium::open(folder);
    if (!medium) FAIL(medium.error().detail);
    return *std::move(medium);
  }
  std::string id() const {
    std::ifstream in(folder / "@store");
    std::string word, value;
    in >> word >> word >> value;
    return value;
  }
  void plant(const std::string& name, std::string_view content) {
    std::ofstream(folder / name, std::ios::binary) << content;
  }
  ScratchFolder scratch;
  fs::path folder = scratch.path() / "store";
};

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

ErrorCode refusal(const fs::path& folder) {
  const auto medium = DirectoryMedium::open(folder);
  REQUIRE_FALSE(medium.has_value());
  UNSCOPED_INFO(medium.error().detail);
  return medium.error().code;
}

}  // namespace

TEST_CASE("a directory medium can be read with ls and cat and is its owner's alone whatever the umask") {
  const mode_t before = umask(0);
  DirectoryStore store;
  REQUIRE(put(*store.open(), "users/a.pub", "certificate"));
  umask(before);
  CHECK(content_of(store.folder / "users" / "a.pub") == "certificate");
  for (const auto& entry : fs::recursive_directory_iterator(store.scratch.path())) {
    struct stat facts {};
    REQUIRE(lstat(entry.path().c_str(), &facts) == 0);
    CAPTURE(entry.path().native());
    CHECK((facts.st_mode & 07777) == (entry.is_directory() ? 0700u : 0600u));
  }
}

TEST_CASE("S76 a folder that others may use is not opened") {
  DirectoryStore store;
  for (const mode_t mode : std::initializer_list<mode_t>{0750, 0705, 0701, 0770}) {
    REQUIRE(chmod(store.folder.c_str(), mode) == 0);
    CHECK(refusal(store.folder) == ErrorCode::startup_refused);
    CHECK(outcome(DirectoryMedium::create(store.folder)) == "startup_refused");
  }
}

TEST_CASE("S74 a folder of another format or of none is not opened") {
  DirectoryStore store;
  const std::string id = store.id();
  REQUIRE(id.size() == 32);
  for (const std::string& content :
       {"countersign-directory-v2\nstore " + id + "\n", std::string(), std::string("countersign-directory-v1\n"),
        "countersign-directory-v1\nstore " + id, "countersign-directory-v1\nstore " + id + "\n\n",
        "countersign-directory-v1\nstore " + std::string(32, 'G') + "\n"}) {
    store.plant("@store", content);
    CHECK(refusal(store.folder) == ErrorCode::startup_refused);
  }
}

TEST_CASE("folders that erases left empty are removed") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a/b/c/d", "x"));
  REQUIRE(put(*medium, "a/e", "x"));
  REQUIRE(erase(*medium, "a/b/c/d"));
  CHECK_FALSE(fs::exists(store.folder / "a" / "b"));
  CHECK(fs::exists(store.folder / "a" / "e"));
  REQUIRE(erase(*medium, "a/e"));
  CHECK_FALSE(fs::exists(store.folder / "a"));
}

TEST_CASE("empty folders and files with names that no medium has are in nobody's way") {
  DirectoryStore store;
  auto medium = store.open();
  fs::create_directories(store.folder / "a" / "b" / "c");
  fs::create_directories(store.folder / "System Volume Information");
  store.plant("README.TXT", "foreign");
  store.plant("System Volume Information/x", "foreign");
  CHECK(names_in(*medium, "", 10).empty());
  CHECK(outcome(put(*medium, "a", "a name now")) == "ok");
  CHECK(names_in(*medium, "", 10) == std::vector<std::string>{"a"});
  CHECK(content_of(store.folder / "README.TXT") == "foreign");
}

TEST_CASE("a foreign file in a folder that is to become a name is found before anything is promised") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a/b", "x"));
  store.plant("a/Thumbs.DB", "foreign");
  Batch batch;
  batch.erase("a/b");
  batch.put("a", to_bytes("now a name"));
  CHECK(outcome(medium->commit(batch)) == "record_unreadable");
  CHECK(text_of(*medium, "a/b") == "x");
  CHECK(outcome(put(*medium, "a/c", "x")) == "ok");
}

TEST_CASE("S64 links and devices inside the folder lead nowhere") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "users/a.pub", "x"));
  fs::create_directories(store.scratch.path() / "outside");
  std::ofstream(store.scratch.path() / "outside" / "secret") << "secret";
  SECTION("a link to a file") {
    fs::create_symlink("../outside/secret", store.folder / "link");
    CHECK(text_of(*medium, "link") == "<record_unreadable>");
    CHECK(outcome(put(*medium, "link", "overwritten")) == "record_unreadable");
    CHECK(outcome(erase(*medium, "link")) == "record_unreadable");
  }
  SECTION("a link to a folder") {
    fs::create_symlink("../outside", store.folder / "link");
    CHECK(text_of(*medium, "link/secret") == "<record_unreadable>");
    CHECK(outcome(put(*medium, "link/secret", "overwritten")) == "record_unreadable");
    CHECK(outcome(put(*medium, "link/new", "x")) == "record_unreadable");
    CHECK(outcome(erase(*medium, "link/secret")) == "record_unreadable");
  }
  SECTION("a link within the folder") {
    fs::create_symlink("users", store.folder / "link");
    CHECK(text_of(*medium, "link/a.pub") == "<record_unreadable>");
  }
  SECTION("a pipe") {
    REQUIRE(mkfifo((store.folder / "link").c_str(), 0600) == 0);
    CHECK(text_of(*medium, "link") == "<record_unreadable>");
    CHECK(outcome(put(*medium, "link", "x")) == "record_unreadable");
  }
  SECTION("a link in the place of the lock") {
    fs::remove(store.folder / "@lock");
    fs::create_symlink("../outside/secret", store.folder / "@lock");
    CHECK(text_of(*medium, "users/a.pub") == "<record_unreadable>");
    return;
  }
  CHECK(medium->list("", "", 10).error().code == ErrorCode::record_unreadable);
  CHECK(*medium->list("users/", "", 10) == std::vector<std::string>{"users/a.pub"});
  CHECK(content_of(store.scratch.path() / "outside" / "secret") == "secret");
  CHECK_FALSE(fs::exists(store.scratch.path() / "outside" / "new"));
  CHECK(outcome(put(*medium, "users/b.pub", "x")) == "ok");
}

TEST_CASE("a value that grew over 1 MiB is record_unreadable") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a", "x"));
  fs::resize_file(store.folder / "a", storage::kValueBytesMax + 1);
  CHECK(text_of(*medium, "a") == "<record_unreadable>");
}

TEST_CASE("a journal that was left is completed by who comes next") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "old", "x"));
  Batch batch;
  batch.put("new/name", to_bytes("value\nwith a line end\n"));
  batch.put("new/empty", {});
  batch.erase("old");
  const Bytes journal = storage::encode_journal(store.id(), batch);
  const auto look = GENERATE(0, 1, 2, 3);
  store.plant("@journal", as_text(journal));
  if (look == 0) CHECK(text_of(*medium, "new/name") == "value\nwith a line end\n");
  if (look == 1) CHECK(names_in(*medium, "", 10) == std::vector<std::string>{"new/empty", "new/name"});
  if (look == 2) CHECK(outcome(put(*medium, "more", "x")) == "ok");
  if (look == 3) medium = store.open();
  CHECK_FALSE(fs::exists(store.folder / "@journal"));
  CHECK(text_of(*medium, "old") == "<absent>");
  CHECK(text_of(*medium, "new/name") == "value\nwith a line end\n");
}

TEST_CASE("a damaged or foreign journal is record_unreadable and not guessed at") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "old", "x"));
  Batch batch;
  batch.put("new", to_bytes("value"));
  batch.erase("old");
  const std::string whole = to_string(storage::encode_journal(store.id(), batch));
  const auto judge = [&](const std::string& journal) {
    store.plant("@journal", journal);
    const bool refused = text_of(*medium, "old") == "<record_unreadable>" &&
                         outcome(put(*medium, "more", "x")) == "record_unreadable" &&
                         medium->list("", "", 1).error().code == ErrorCode::record_unreadable;
    if (!refused) FAIL("taken: " << journal);
  };
  for (std::size_t size = 0; size < whole.size(); ++size) judge(whole.substr(0, size));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    judge(flipped);
  }
  judge(whole + "\n");
  judge(whole + whole);
  judge(to_string(storage::encode_journal(std::string(32, '0'), batch)));
  CHECK(refusal(store.folder) == ErrorCode::record_unreadable);
  fs::remove(store.folder / "@journal");
  CHECK(text_of(*medium, "old") == "x");
}

TEST_CASE("a journal says one batch in one way") {
  Batch empty;
  CHECK(storage::decode_journal("id", storage::encode_journal("id", empty))->changes().empty());
  Batch batch;
  batch.put("a", to_bytes("put 3 b\nend "));
  batch.put("b/c", Bytes(300, 0));
  batch.erase("d");
  const auto again = storage::decode_journal("id", storage::encode_journal("id", batch));
  REQUIRE(again.has_value());
  CHECK(again->changes() == batch.changes());
  // A well sealed journal of a batch that no medium takes, or written in another way.
  const auto sealed = [](const std::string& body) {
    const std::string text = "countersign-journal-v1\nstore id\n" + body;
    return to_bytes(text + "end " + hex(sha256(as_bytes(text))) + "\n");
  };
  CHECK(storage::decode_journal("id", sealed("erase a\n")).has_value());
  for (const std::string& body :
       {std::string("erase ../a\n"), std::string("erase @store\n"), std::string("erase b\nerase a\n"),
        std::string("erase a\nerase a\n"), std::string("put 01 a\nx\n"), std::string("put 1 a\nxx"),
        std::string("put -1 a\n\n"), std::string("put 18446744073709551615 a\n\n"),
        std::string("put 18446744073709551616 a\n\n"), std::string("put\n"), std::string("put 1\n"),
        std::string("keep a\n"), std::string("\n")}) {
    CAPTURE(body);
    CHECK(storage::decode_journal("id", sealed(body)).error().code == ErrorCode::record_unreadable);
  }
}

TEST_CASE("a full disk leaves the old state of a directory medium") {
  DirectoryStore store;
  REQUIRE(put(*store.open(), "a", "old"));
  // The kernel's limit on file sizes, in a child.
  const int status = wait_for(in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    auto medium = DirectoryMedium::open(store.folder);
    if (!medium) return 1;
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    rlimit tight = limit;
    tight.rlim_cur = 64 * 1024;
    if (setrlimit(RLIMIT_FSIZE, &tight) != 0) return 2;
    Batch batch;
    batch.put("a", to_bytes("new"));
    batch.put("big", Bytes(100'000, 0x55));
    if (outcome((*medium)->commit(batch)) != "storage_unavailable") return 3;
    if (text_of(**medium, "a") != "old" || text_of(**medium, "big") != "<absent>") return 4;
    // Each value fits, the journal of both does not.
    Batch both;
    both.put("a", Bytes(40'000, 0x55));
    both.put("b", Bytes(40'000, 0x55));
    if (outcome((*medium)->commit(both)) != "storage_unavailable") return 5;
    if (text_of(**medium, "a") != "old" || text_of(**medium, "b") != "<absent>") return 6;
    if (!put(**medium, "small", "x")) return 7;
    setrlimit(RLIMIT_FSIZE, &limit);
    return outcome((*medium)->commit(batch)) == "ok" ? 0 : 8;
  }));
  CHECK(status == 0);
  auto medium = store.open();
  CHECK(text_of(*medium, "a") == "new");
  CHECK(text_of(*medium, "small") == "x");
}

TEST_CASE("a folder that was renamed is still the same and one that is gone fails") {
  DirectoryStore store;
  auto medium = store.open();
  REQUIRE(put(*medium, "a", "x"));
  fs::rename(store.folder, store.scratch.path() / "moved");
  CHECK(text_of(*medium, "a") == "x");  // the folder was opened, not its name
  fs::remove_all(store.scratch.path() / "moved");
  CHECK_FALSE(medium->read("a").has_value());
  CHECK_FALSE(put(*medium, "a", "y").has_value());
}

TEST_CASE("a lock that another process never gives back is storage_unavailable") {
  DirectoryStore store;
  REQUIRE(put(*store.open(), "a", "x"));
  auto holder = storage::PosixFileSystem::open(store.folder, "@lock", std::chrono::milliseconds(20));
  auto waiter = storage::PosixFileSystem::open(store.folder, "@lock", std::chrono::milliseconds(20));
  REQUIRE(holder.has_value());
  REQUIRE(waiter.has_value());
  {
    const auto shared = (*holder)->lock(storage::LockKind::shared);
    REQUIRE(shared.has_value());
    CHECK((*waiter)->lock(storage::LockKind::shared).has_value());
    CHECK((*waiter)->lock(storage::LockKind::exclusive).error().code == ErrorCode::storage_unavailable);
  }
  const auto exclusive = (*holder)->lock(storage::LockKind::exclusive);
  REQUIRE(exclusive.has_value());
  CHECK((*waiter)->lock(storage::LockKind::shared).error().code == ErrorCode::storage_unavailable);
  auto impatient = DirectoryMedium::open_on(*std::move(waiter));
  CHECK(impatient.error().code == ErrorCode::storage_unavailable);
}

TEST_CASE("a batch that is too large for the journal is refused before anything is written") {
  DirectoryStore store;
  auto medium = store.open();
  Batch batch;
  const Bytes value(storage::kValueBytesMax, 0x55);
  for (int i = 0; i < 64; ++i) batch.put("n/" + std::to_string(i), value);
  CHECK(outcome(medium->commit(batch)) == "message_too_large");
  CHECK(names_in(*medium, "", 10).empty());
}
