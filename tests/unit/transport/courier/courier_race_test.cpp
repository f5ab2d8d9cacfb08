// Somebody else changes the stick while it is read and written.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "tests/support/courier_stick.hpp"
#include "transport/courier/courier_folder.hpp"

using namespace countersign;
using namespace countersign::transport::courier;
using countersign::test::CourierStick;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSecret = "a secret outside the stick";

// Puts now this and now that in the place of one file and one folder, as fast as it can.
class Attacker {
 public:
  Attacker(const CourierStick& stick, const CourierStick& outside)
      : root_(stick.path()), outside_(outside.path()), thread_([this] { run(); }) {}
  ~Attacker() {
    stop_ = true;
    thread_.join();
  }

 private:
  void run() {
    for (unsigned turn = 0; !stop_; ++turn) {
      const fs::path next = root_ / "inbox/next";
      ::unlink(next.c_str());
      switch (turn % 4) {
        case 0:
          fs::copy_file(root_ / "good", next, ignored_);
          break;
        case 1:
          fs::create_symlink(outside_ / "secret", next, ignored_);
          break;
        case 2:
          fs::create_hard_link(outside_ / "secret", next, ignored_);
          break;
        case 3:
          ::mkfifo(next.c_str(), 0666);
          break;
      }
      fs::rename(next, root_ / "inbox/a.response.asc", ignored_);
      if (turn % 8 != 0) continue;
      // The folders themselves: away, a link to outside in their place, and back.
      for (const char* name : {"inbox", "outbox"}) {
        fs::rename(root_ / name, root_ / "away", ignored_);
        fs::create_directory_symlink(outside_, root_ / name, ignored_);
        fs::remove(root_ / name, ignored_);
        fs::rename(root_ / "away", root_ / name, ignored_);
      }
    }
  }

  const fs::path root_;
  const fs::path outside_;
  std::error_code ignored_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

void race_for(std::chrono::milliseconds duration) {
  const CourierStick stick;
  const CourierStick outside;
  outside.put("secret", kSecret);
  outside.put("a.response.asc", "another secret outside");
  stick.put("good", "good");
  stick.put("inbox/a.response.asc", "good");
  stick.put("outbox/x", "");
  auto folder = CourierFolder::open(stick.text_path());
  REQUIRE(folder);
  std::size_t good = 0;
  std::size_t refused = 0;
  std::set<std::string> bad;
  {
    const Attacker attacker(stick, outside);
    const auto end = std::chrono::steady_clock::now() + duration;
    for (unsigned i = 0; std::chrono::steady_clock::now() < end || good == 0 || refused == 0; ++i) {
      const auto text = folder->read(Place::inbox, "a.response.asc");
      if (!text) {
        ++refused;
      } else if (*text == "good" || text->empty()) {  // empty: the copy has begun
        ++good;
      } else {
        bad.insert(*text);
      }
      if (i % 16 == 0) static_cast<void>(folder->write(Place::outbox, "a.session.asc", std::to_string(i)));
    }
  }
  CAPTURE(good, refused);
  CHECK(bad == std::set<std::string>());
  CHECK(outside.contents() == std::map<std::string, std::string>{{"a.response.asc", "another secret outside"},
                                                                 {"secret", std::string(kSecret)}});
}

}  // namespace

TEST_CASE("S64 nothing outside is read or written while files and folders are swapped for links") {
  race_for(std::chrono::milliseconds(400));
}

TEST_CASE("S64 nothing outside is read or written in 60 seconds of swapping", "[.long]") {
  race_for(std::chrono::seconds(60));
}
