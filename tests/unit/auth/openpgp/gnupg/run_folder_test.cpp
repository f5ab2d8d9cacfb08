#include "auth/openpgp/gnupg/run_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <optional>

#include "tests/support/media.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

std::size_t entries_of(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// As a server leaves it that was killed: the lock is there, and nobody holds it.
fs::path leave_over(const fs::path& place, const std::string& name) {
  fs::path folder = place / name;
  fs::create_directories(folder / "1" / "k" / "private-keys-v1.d");
  write_file(folder / "lock", "");
  write_file(folder / "1" / "k" / "private-keys-v1.d" / "0.key", "secret");
  return folder;
}

}  // namespace

TEST_CASE("a run folder is ours alone and gone with its owner") {
  const ScratchFolder scratch;
  fs::path path;
  {
    const RunFolder folder = *RunFolder::make({scratch.path()});
    path = folder.path();
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK(S_ISDIR(status.st_mode));
    CHECK((status.st_mode & 07777) == 0700);
    CHECK(status.st_uid == ::geteuid());
    fs::create_directories(path / "1" / "p");
    write_file(path / "1" / "p" / "gpg.conf", "batch");
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(entries_of(scratch.path()) == 0);
}

TEST_CASE("a run folder lies in the first place that takes one") {
  const ScratchFolder scratch;
  const fs::path deep = scratch.path() / std::string(80, 'x');
  fs::create_directories(deep);
  const RunFolder folder = *RunFolder::make({scratch.path() / "nowhere", deep, scratch.path()});
  CHECK(folder.path().parent_path() == scratch.path());
  CHECK(RunFolder::make({deep}).error().code == ErrorCode::openpgp_unavailable);
  CHECK(RunFolder::make({}).error().code == ErrorCode::openpgp_unavailable);
}

TEST_CASE("what a killed server left is swept at the next start and what others hold is not") {
  const ScratchFolder scratch;
  const ScratchFolder elsewhere;
  const fs::path left = leave_over(scratch.path(), "cs-gnupg-killed");
  const fs::path also_left = leave_over(elsewhere.path(), "cs-gnupg-killed");
  const RunFolder alive = *RunFolder::make({scratch.path()});
  CHECK_FALSE(fs::exists(left));
  const fs::path half_removed = leave_over(scratch.path(), "cs-gnupg-halfway");
  fs::remove(half_removed / "lock");
  fs::create_directory(scratch.path() / "cs-gnupg-newborn");  // its lock is about to be made
  const fs::path other = leave_over(scratch.path(), "another-program");
  write_file(scratch.path() / "cs-gnupg-file", "no folder");
  fs::create_directory_symlink(other, scratch.path() / "cs-gnupg-link");
  const RunFolder next = *RunFolder::make({scratch.path(), elsewhere.path()});
  CHECK(fs::exists(alive.path()));
  CHECK(next.path() != alive.path());
  CHECK_FALSE(fs::exists(half_removed));
  CHECK(fs::exists(scratch.path() / "cs-gnupg-newborn"));
  CHECK(fs::exists(other / "1" / "k" / "private-keys-v1.d" / "0.key"));
  CHECK(fs::exists(scratch.path() / "cs-gnupg-file"));
  CHECK_FALSE(fs::exists(also_left));
}

TEST_CASE("the places are the runtime folders that the environment names and then memory") {
  const auto before = [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  const auto restore = [](const char* name, const std::optional<std::string>& value) {
    value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
  };
  const auto runtime = before("RUNTIME_DIRECTORY");
  const auto user = before("XDG_RUNTIME_DIR");
  ::setenv("RUNTIME_DIRECTORY", "/run/countersign:/run/other", 1);
  ::setenv("XDG_RUNTIME_DIR", "relative", 1);
  CHECK(run_folder_places() == std::vector<fs::path>{"/run/countersign", "/dev/shm", "/tmp"});
  ::unsetenv("RUNTIME_DIRECTORY");
  ::setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  CHECK(run_folder_places() == std::vector<fs::path>{"/run/user/7", "/dev/shm", "/tmp"});
  restore("RUNTIME_DIRECTORY", runtime);
  restore("XDG_RUNTIME_DIR", user);
}
