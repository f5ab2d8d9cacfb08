// What a stranger may have put on the stick in place of a file.
#include "transport/courier/courier_folder.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/unit/transport/courier/opened_stick.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::courier;
namespace fs = std::filesystem;

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
