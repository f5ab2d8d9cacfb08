#include "transport/courier/courier_folder.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <thread>

#include "tests/support/courier_stick.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::transport::courier;
using countersign::test::CourierStick;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kName = "a.response.asc";

CourierFolder opened(const CourierStick& stick) {
  auto folder = CourierFolder::open(stick.text_path());
  if (!folder) FAIL(folder.error().detail);
  return *std::move(folder);
}

// Nothing where it did not fail.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

std::optional<ErrorCode> code_of_reading(const CourierStick& stick) {
  return code_of(opened(stick).read(Place::inbox, kName));
}

bool is_response(std::string_view name) {
  return inbox_kind(name) == InboxKind::response;
}

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

TEST_CASE("S23 a name that leads elsewhere is no name of a file") {
  const CourierStick stick;
  stick.put("inbox/x", "");
  stick.put("secret", "secret");
  CourierFolder folder = opened(stick);
  for (const std::string_view name : {"", ".", "..", "../secret", "/etc/passwd", "x/../../secret"}) {
    const auto text = folder.read(Place::inbox, name);
    REQUIRE_FALSE(text);
    CHECK(text.error().code == ErrorCode::malformed_name);
    const auto written = folder.write(Place::inbox, name, "x");
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::malformed_name);
    CHECK_FALSE(folder.settle(name, "secret"));
  }
  CHECK_FALSE(folder.read(Place::inbox, std::string_view("x\0y", 3)));
  CHECK_FALSE(folder.read(Place::inbox, std::string(256, 'a')));
}

TEST_CASE("S64 a link is not followed whether it leads in or out") {
  const CourierStick stick;
  stick.put("inbox/whole", "inside");
  SECTION("relative within the folder") {
    fs::create_symlink("whole", stick.path() / "inbox" / kName);
  }
  SECTION("absolute") {
    fs::create_symlink("/etc/passwd", stick.path() / "inbox" / kName);
  }
  SECTION("upwards") {
    fs::create_symlink("../../../../../../etc/passwd", stick.path() / "inbox" / kName);
  }
  SECTION("to nothing") {
    fs::create_symlink("nothing", stick.path() / "inbox" / kName);
  }
  SECTION("to itself") {
    fs::create_symlink(kName, stick.path() / "inbox" / kName);
  }
  SECTION("to a magic link") {
    fs::create_symlink("/proc/self/fd/0", stick.path() / "inbox" / kName);
  }
  CHECK(code_of_reading(stick) == ErrorCode::file_refused);
}

TEST_CASE("S64 a folder of the stick that is a link is refused for reading listing and writing") {
  const CourierStick stick;
  const CourierStick elsewhere;
  elsewhere.put("a.response.asc", "elsewhere");
  fs::create_directory_symlink(elsewhere.path(), stick.path() / "inbox");
  fs::create_directory_symlink(elsewhere.path(), stick.path() / "outbox");
  CourierFolder folder = opened(stick);
  CHECK(code_of(folder.read(Place::inbox, kName)) == ErrorCode::file_refused);
  CHECK(code_of(folder.list(Place::inbox, is_response)) == ErrorCode::file_refused);
  CHECK(code_of(folder.write(Place::outbox, "a.session.asc", "x")) == ErrorCode::file_refused);
  CHECK(code_of(folder.make(Place::outbox)) == ErrorCode::file_refused);
  CHECK(code_of(folder.make(Place::done)) == ErrorCode::file_refused);
  CHECK(elsewhere.contents().size() == 1);
}

TEST_CASE("S64 a file with a second name is refused") {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", "text");
  fs::create_hard_link(stick.path() / "inbox" / kName, stick.path() / "second");
  CHECK(code_of_reading(stick) == ErrorCode::file_refused);
  fs::remove(stick.path() / "second");
  CHECK(opened(stick).read(Place::inbox, kName) == "text");
}

TEST_CASE("S64 a pipe is refused and blocks nobody") {
  const CourierStick stick;
  stick.put("inbox/x", "");
  const fs::path pipe = stick.path() / "inbox" / kName;
  REQUIRE(::mkfifo(pipe.c_str(), 0666) == 0);
  CHECK(code_of_reading(stick) == ErrorCode::file_refused);
  // With a writer at its other end it could be read from for ever.
  const FileDescriptor both(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::write(both.get(), "x", 1) == 1);
  CHECK(code_of_reading(stick) == ErrorCode::file_refused);
}

TEST_CASE("S64 a folder a socket and a device are refused") {
  const CourierStick stick;
  stick.put("inbox/x", "");
  const fs::path path = stick.path() / "inbox" / kName;
  SECTION("a folder") {
    fs::create_directory(path);
  }
  SECTION("a socket") {
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  SECTION("an endless device") {
    if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 5)) != 0) {
      WARN("only root can make a device: not shown here");
      return;
    }
  }
  CHECK(code_of_reading(stick) == ErrorCode::file_refused);
}

TEST_CASE("S61 a file of exactly the limit is read and one byte more is too large") {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", std::string(kFileBytesMax, 'x'));
  CHECK(opened(stick).read(Place::inbox, kName) == std::string(kFileBytesMax, 'x'));
  stick.put("inbox/a.response.asc", std::string(kFileBytesMax + 1, 'x'));
  CHECK(code_of_reading(stick) == ErrorCode::message_too_large);
  CHECK(code_of(opened(stick).write(Place::inbox, kName, std::string(kFileBytesMax + 1, 'x'))) ==
        ErrorCode::message_too_large);
}

TEST_CASE("S61 a sparse file of 100 GB is too large and is not read") {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", "");
  if (::truncate((stick.path() / "inbox" / kName).c_str(), 100'000'000'000) != 0) {
    WARN("the file system has no file of 100 GB");
    return;
  }
  CHECK(code_of_reading(stick) == ErrorCode::message_too_large);
}

TEST_CASE("S61 a file that grows while it is read is read to the limit and no further") {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", "x");
  const CourierFolder folder = opened(stick);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const std::string chunk(4096, 'x');
    const FileDescriptor file(::open((stick.path() / "inbox" / kName).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    std::size_t size = 0;
    while (!stop) {
      if (size > 4 * kFileBytesMax) {
        size = ::ftruncate(file.get(), 0) == 0 ? 0 : size;
      } else if (::write(file.get(), chunk.data(), chunk.size()) > 0) {
        size += chunk.size();
      }
    }
  });
  std::size_t over = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto text = folder.read(Place::inbox, kName);
    if (text && text->size() > kFileBytesMax) ++over;
  }
  stop = true;
  writer.join();
  CHECK(over == 0);
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

TEST_CASE("a target that is a link or a pipe is replaced and what it led to is untouched") {
  const CourierStick stick;
  const CourierStick elsewhere;
  elsewhere.put("victim", "victim");
  stick.put("outbox/x", "");
  const fs::path target = stick.path() / "outbox/a.session.asc";
  SECTION("a link") {
    fs::create_symlink(elsewhere.path() / "victim", target);
  }
  SECTION("a hard link") {
    fs::create_hard_link(elsewhere.path() / "victim", target);
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo(target.c_str(), 0666) == 0);
  }
  SECTION("a link where the part is written") {
    fs::create_symlink(elsewhere.path() / "victim", stick.path() / "outbox" / kPartFile);
  }
  CHECK(opened(stick).write(Place::outbox, "a.session.asc", "grant"));
  CHECK(stick.get("outbox/a.session.asc") == "grant");
  CHECK(elsewhere.get("victim") == "victim");
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
  if (!in_child([] { return ::unshare(CLONE_NEWNS) == 0; })) {
    WARN("only root can mount: not shown here");
    return;
  }
  CHECK(in_child([&] {
    const char* path = stick.path().c_str();
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(path, path, nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      return false;
    }
    auto folder = CourierFolder::open(stick.text_path());
    return folder && code_of(folder->check_writable(Place::outbox)) == ErrorCode::storage_unavailable &&
           folder->read(Place::inbox, kName) == "text";
  }));
}
