#include "storage/new_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::storage;
using namespace countersign::test;
namespace fs = std::filesystem;

namespace {

std::size_t files_in(const fs::path& folder) {
  return files_beneath(folder).size();
}

mode_t mode_of(const fs::path& path) {
  struct stat facts {};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

}  // namespace

TEST_CASE("a new file is there when it is finished and not before") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "file";
  write_file(path, "old");
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  auto file = NewFile::begin(path);
  REQUIRE(file);
  REQUIRE(file->add(as_bytes("one ")));
  REQUIRE(file->add(as_bytes("two")));
  CHECK(test::read_file(path) == "old");
  REQUIRE(file->finish());
  CHECK(test::read_file(path) == "one two");
  CHECK(files_in(scratch.path()) == 1);
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("a new file that is not finished leaves nothing") {
  const ScratchFolder scratch;
  {
    auto file = NewFile::begin(scratch.path() / "file");
    REQUIRE(file);
    REQUIRE(file->add(as_bytes("half")));
    const NewFile moved = *std::move(file);
  }
  CHECK(files_in(scratch.path()) == 0);
}

TEST_CASE("two that write one file at once each write the whole of it") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "file";
  auto first = NewFile::begin(path);
  REQUIRE(first);
  REQUIRE(first->add(as_bytes("first, of which ")));
  auto second = NewFile::begin(path);
  REQUIRE(second);
  REQUIRE(second->add(as_bytes("second")));
  REQUIRE(second->finish());
  CHECK(test::read_file(path) == "second");
  REQUIRE(first->add(as_bytes("there is more")));
  CHECK(test::read_file(path) == "second");
  REQUIRE(first->finish());
  CHECK(test::read_file(path) == "first, of which there is more");
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("a new file lets alone what has a name like its own") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "file";
  for (const char* const name : {"file.new", "file.new-1", "file.new-0123456789ABCDEF", "other.new-0123456789abcdef"}) {
    write_file(scratch.path() / name, name);
  }
  auto file = NewFile::begin(path);
  REQUIRE(file);
  REQUIRE(file->finish());
  for (const char* const name : {"file.new", "file.new-1", "file.new-0123456789ABCDEF", "other.new-0123456789abcdef"}) {
    CHECK(test::read_file(scratch.path() / name) == name);
  }
  CHECK(files_in(scratch.path()) == 5);
}

TEST_CASE("what a killed run left beside a new file is removed, and what a running one writes is not") {
  const ScratchFolder scratch;
  const auto abandoned = scratch.path() / "file.new-0123456789abcdef";
  const auto written = scratch.path() / "file.new-fedcba9876543210";
  write_file(abandoned, "left");
  write_file(written, "half");
  const FileDescriptor writer(open(written.c_str(), O_WRONLY));
  REQUIRE(flock(writer.get(), LOCK_EX | LOCK_NB) == 0);
  REQUIRE(NewFile::begin(scratch.path() / "file"));
  CHECK_FALSE(fs::exists(abandoned));
  CHECK(test::read_file(written) == "half");
}

TEST_CASE("nothing but a regular file is replaced by a new one") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "there";
  SECTION("a link to nothing") {
    fs::create_symlink(scratch.path() / "elsewhere", path);
  }
  SECTION("a link to a file") {
    write_file(scratch.path() / "elsewhere", "kept");
    fs::create_symlink(scratch.path() / "elsewhere", path);
  }
  SECTION("a folder") {
    fs::create_directory(path);
  }
  SECTION("a pipe") {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  }
  const auto before = fs::symlink_status(path).type();
  CHECK(outcome(NewFile::begin(path)) == "file_refused");
  CHECK(fs::symlink_status(path).type() == before);
}

TEST_CASE("a device is not replaced by a new file") {
  const auto file = NewFile::begin("/dev/null");
  REQUIRE_FALSE(file);
  CHECK(file.error().code == ErrorCode::file_refused);
  CHECK(file.error().detail == "/dev/null is a device, not a file");
}

TEST_CASE("what comes in the way of a new file while it is written is not replaced either") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "there";
  {
    auto file = NewFile::begin(path);
    REQUIRE(file);
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    CHECK(outcome(file->finish()) == "file_refused");
  }
  CHECK(fs::is_fifo(path));
  CHECK(files_in(scratch.path()) == 0);
}

TEST_CASE("a place where no file can be made is refused with its name and the reason") {
  const ScratchFolder scratch;
  const auto refused = [](const fs::path& path) {
    const auto file = NewFile::begin(path);
    REQUIRE_FALSE(file);
    CHECK(file.error().code == ErrorCode::file_refused);
    return file.error().detail;
  };
  const auto nowhere = scratch.path() / "none" / "file";
  CHECK(refused(nowhere) == nowhere.string() + ": No such file or directory");
  write_file(scratch.path() / "plain", "");
  const auto under = scratch.path() / "plain" / "file";
  CHECK(refused(under) == under.string() + ": Not a directory");
  CHECK(refused("") == "'' names no file");
  CHECK(refused(scratch.path() / "none" / "").ends_with("names no file"));
}

TEST_CASE("a new file is private whatever the umask takes away") {
  const ScratchFolder scratch;
  const mode_t before = umask(0777);
  auto file = NewFile::begin(scratch.path() / "file");
  umask(before);
  REQUIRE(file);
  REQUIRE(file->finish());
  CHECK(mode_of(scratch.path() / "file") == 0600);
}
