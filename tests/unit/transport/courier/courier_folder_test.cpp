#include "transport/courier/courier_folder.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "tests/unit/transport/courier/opened_stick.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::courier;
namespace fs = std::filesystem;

namespace {

// Runs `body` in a process of its own, since what it gives up cannot be had back. True where it returned true.
template <class Body>
bool in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    bool held = false;
    try {
      held = body();
    } catch (...) {
      held = false;
    }
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// From here on this process's openat2 fails with `error`.
bool take_openat2_away(int error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

TEST_CASE("what is written to a courier folder is read back and leaves no other file") {
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  REQUIRE(folder.make(Place::outbox));
  REQUIRE(folder.write(Place::outbox, "a.session.asc", "one"));
  CHECK(folder.read(Place::outbox, "a.session.asc") == "one");
  REQUIRE(folder.write(Place::outbox, "a.session.asc", "two"));
  CHECK(stick.contents() == std::map<std::string, std::string>{{"outbox/a.session.asc", "two"}});
}

TEST_CASE("a file of equal bytes is left as it is") {
  const CourierStick stick;
  CourierFolder folder = opened(stick);
  REQUIRE(folder.make(Place::outbox));
  REQUIRE(folder.write(Place::outbox, "a.session.asc", "one"));
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat((stick.path() / "outbox/a.session.asc").c_str(), &before) == 0);
  REQUIRE(folder.write(Place::outbox, "a.session.asc", "one"));
  REQUIRE(::stat((stick.path() / "outbox/a.session.asc").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("what a run that was ended left half written is in no listing and not in the way") {
  const CourierStick stick;
  stick.put("outbox/.countersign.part", "hal");
  stick.put("inbox/.countersign.part", "hal");
  CourierFolder folder = opened(stick);
  const auto listing = folder.list(Place::inbox, is_response);
  REQUIRE(listing);
  CHECK(listing->foreign == 0);
  REQUIRE(folder.write(Place::outbox, "a.session.asc", "whole"));
  CHECK(stick.get("outbox/a.session.asc") == "whole");
  CHECK_FALSE(stick.has("outbox/.countersign.part"));
}

TEST_CASE("a courier folder that is not there or no folder is refused") {
  const CourierStick stick;
  stick.put("file", "");
  const auto absent = CourierFolder::open((stick.path() / "absent").string());
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == ErrorCode::not_found);
  const auto file = CourierFolder::open((stick.path() / "file").string());
  REQUIRE_FALSE(file);
  CHECK(file.error().code == ErrorCode::file_refused);
}

TEST_CASE("two programs do not work on one courier folder at once") {
  const CourierStick stick;
  {
    const CourierFolder first = opened(stick);
    const auto second = CourierFolder::open(stick.text_path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::busy);
  }
  CHECK(CourierFolder::open(stick.text_path()));
}

TEST_CASE("S64 without openat2 no courier folder is opened") {
  const CourierStick stick;
  for (const int error : {ENOSYS, EPERM}) {
    CHECK(in_child([&] {
      if (!take_openat2_away(error)) return false;
      const auto folder = CourierFolder::open(stick.text_path());
      return !folder && folder.error().code == ErrorCode::file_refused &&
             folder.error().detail.find("openat2") != std::string::npos;
    }));
  }
}

TEST_CASE("an absent folder has no files") {
  const CourierStick stick;
  const auto listing = opened(stick).list(Place::inbox, is_response);
  REQUIRE(listing);
  CHECK(listing->names.empty());
  CHECK(listing->foreign == 0);
}

TEST_CASE("S61 a scan takes the lowest 1000 names and counts the rest") {
  const CourierStick stick;
  for (int i = 0; i < 1003; ++i) stick.put("inbox/f" + std::to_string(10'000 + i) + ".response.asc", "");
  const auto listing = opened(stick).list(Place::inbox, is_response);
  REQUIRE(listing);
  REQUIRE(listing->names.size() == 1000);
  CHECK(listing->beyond == 3);
  CHECK(listing->names.front() == "f10000.response.asc");
  CHECK(listing->names.back() == "f10999.response.asc");
  CHECK_FALSE(listing->cut);
}

TEST_CASE("S61 a scan of a folder with more than 100000 entries ends and says so", "[.long]") {
  const CourierStick stick;
  for (std::size_t i = 0; i <= kScanEntriesMax; ++i) stick.put("inbox/" + std::to_string(i) + ".response.asc", "");
  const auto listing = opened(stick).list(Place::inbox, is_response);
  REQUIRE(listing);
  CHECK(listing->cut);
  CHECK(listing->names.size() == kScanFilesMax);
  CHECK(listing->beyond == kScanEntriesMax - kScanFilesMax);
}

TEST_CASE("S66 a name with an escape sequence or a line end is counted and shown escaped") {
  const CourierStick stick;
  stick.put("inbox/a\n2026-11-21 login accepted.response.asc", "");
  stick.put("inbox/\x1b[2J.response.asc", "");
  stick.put(
      "inbox/\xe2\x80\xae"
      "csa.response.asc",
      "");
  stick.put("inbox/\xff\xfe.response.asc", "");
  stick.put("inbox/done/x.response.asc", "");
  const auto listing = opened(stick).list(Place::inbox, is_response);
  REQUIRE(listing);
  CHECK(listing->names.empty());
  CHECK(listing->foreign == 4);
  REQUIRE(listing->foreign_names.size() == 4);
  for (const std::string& name : listing->foreign_names) {
    CHECK(name.find_first_of("\n\x1b\xe2\xff") == std::string::npos);
    CHECK(name.find('\\') != std::string::npos);
  }
}

TEST_CASE("a settled file moves to done and its name there is in lower case") {
  const CourierStick stick;
  stick.put("inbox/Alice.response.asc", "text");
  REQUIRE(opened(stick).settle("Alice.response.asc", "text"));
  CHECK(stick.contents() == std::map<std::string, std::string>{{"inbox/done/alice.response.asc", "text"}});
}

TEST_CASE("a file that was replaced after it was read is not moved") {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", "new");
  CHECK(code_of(opened(stick).settle(kName, "old")) == ErrorCode::conflict);
  CHECK(stick.get("inbox/a.response.asc") == "new");
}

TEST_CASE("names that differ by case are both kept in done where a folding medium has one name for them") {
  const CourierStick stick;
  stick.put("inbox/Alice.response.asc", "one");
  stick.put("inbox/alice.response.asc", "two");
  stick.put("inbox/ALICE.response.asc", "one");
  CourierFolder folder = opened(stick);
  REQUIRE(folder.settle("Alice.response.asc", "one"));
  REQUIRE(folder.settle("alice.response.asc", "two"));
  REQUIRE(folder.settle("ALICE.response.asc", "one"));
  CHECK(stick.contents() ==
        std::map<std::string, std::string>{{"inbox/done/alice.response.asc", "one"},
                                           {"inbox/done/" + done_name_by_text("alice.response.asc", "two"), "two"}});
}

TEST_CASE("a target that is a folder is an error and no file is lost") {
  const CourierStick stick;
  stick.put("outbox/a.session.asc/inside", "x");
  CHECK(code_of(opened(stick).write(Place::outbox, "a.session.asc", "grant")) == ErrorCode::storage_unavailable);
  CHECK(stick.get("outbox/a.session.asc/inside") == "x");
}

TEST_CASE("a folder that cannot be written says so before anything depends on it") {
  const CourierStick stick;
  stick.put("outbox/x", "");
  stick.put("inbox/a.response.asc", "text");
  // Root may write anywhere that is not mounted read-only, so the child is nobody, or else has a read-only mount.
  CHECK(in_child([&] {
    fs::permissions(stick.path(), fs::perms(0555));
    fs::permissions(stick.path() / "outbox", fs::perms(0555));
    fs::permissions(stick.path() / "inbox", fs::perms(0555));
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return false;
    auto folder = CourierFolder::open(stick.text_path());
    return folder && code_of(folder->check_writable(Place::outbox)) == ErrorCode::storage_unavailable &&
           code_of(folder->make(Place::done)) == ErrorCode::storage_unavailable &&
           folder->read(Place::inbox, kName) == "text" &&
           code_of(folder->settle(kName, "text")) == ErrorCode::storage_unavailable;
  }));
  fs::permissions(stick.path(), fs::perms(0755));
  fs::permissions(stick.path() / "outbox", fs::perms(0755));
  fs::permissions(stick.path() / "inbox", fs::perms(0755));
  CHECK(stick.get("inbox/a.response.asc") == "text");
}

TEST_CASE("a medium that is mounted read-only says so before anything depends on it") {
  const CourierStick stick;
  stick.put("outbox/x", "");
  stick.put("inbox/a.response.asc", "text");
  const char* path = stick.path().c_str();
  // Only root may, and in a chroot "/" is no mount that could be made private.
  const auto mount_read_only = [path] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(path, path, nullptr, MS_BIND, nullptr) == 0 &&
           ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  };
  if (!in_child(mount_read_only)) {
    WARN("nothing can be mounted here: not shown on this machine");
    return;
  }
  CHECK(in_child([&] {
    if (!mount_read_only()) return false;
    auto folder = CourierFolder::open(stick.text_path());
    return folder && code_of(folder->check_writable(Place::outbox)) == ErrorCode::storage_unavailable &&
           folder->read(Place::inbox, kName) == "text";
  }));
}

TEST_CASE("a folder without an inbox and an outbox is no stick that was used") {
  const CourierStick stick;
  const auto unused = CourierFolder::open_used(stick.text_path());
  REQUIRE_FALSE(unused);
  CHECK(unused.error().code == ErrorCode::file_refused);
  CHECK(unused.error().detail.find(stick.text_path()) != std::string::npos);
  CHECK(CourierFolder::open_used(stick.text_path() + "/absent").error().code == ErrorCode::not_found);
  for (const char* place : {"outbox", "inbox"}) {
    const CourierStick used;
    fs::create_directory(used.path() / place);
    CHECK(CourierFolder::open_used(used.text_path()));
  }
}

TEST_CASE("a file is taken away only while it holds what it is taken away for") {
  const CourierStick stick;
  stick.put("outbox/a.refused.txt", "denied\n");
  auto folder = CourierFolder::open(stick.text_path());
  REQUIRE(folder);
  CHECK(folder->remove(Place::outbox, "a.refused.txt", "conflict\n"));
  CHECK(stick.has("outbox/a.refused.txt"));
  CHECK(folder->remove(Place::outbox, "a.refused.txt", "denied\n"));
  CHECK_FALSE(stick.has("outbox/a.refused.txt"));
  CHECK(folder->remove(Place::outbox, "a.refused.txt", "denied\n"));
}
