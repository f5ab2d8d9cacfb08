#include "cli/new_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::cli;
using namespace countersign::test;

namespace {

std::size_t files_in(const std::filesystem::path& folder) {
  return files_beneath(folder).size();
}

}  // namespace

TEST_CASE("a new file is there when it is finished and not before") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "file";
  write_file(path, "old");
  auto file = NewFile::begin(path);
  REQUIRE(file);
  REQUIRE(file->add(as_bytes("one ")));
  REQUIRE(file->add(as_bytes("two")));
  CHECK(test::read_file(path) == "old");
  REQUIRE(file->finish());
  CHECK(test::read_file(path) == "one two");
  CHECK(files_in(scratch.path()) == 1);
  struct stat facts {};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
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

TEST_CASE("a new file is private also where an earlier run left a more open one, and is never a link's target") {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "file";
  write_file(path.string() + ".new", "left");
  REQUIRE(chmod((path.string() + ".new").c_str(), 0644) == 0);
  {
    auto file = NewFile::begin(path);
    REQUIRE(file);
    REQUIRE(file->finish());
  }
  struct stat facts {};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  CHECK(facts.st_size == 0);
  std::filesystem::create_symlink(scratch.path() / "elsewhere", path.string() + ".new");
  CHECK(outcome(NewFile::begin(path)) == "storage_unavailable");
  CHECK_FALSE(std::filesystem::exists(scratch.path() / "elsewhere"));
  CHECK(outcome(NewFile::begin(scratch.path() / "none" / "file")) == "storage_unavailable");
}
