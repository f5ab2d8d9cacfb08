// The pool against workers that are shell scripts and behave as no worker should.
#include "auth/openpgp/gnupg/worker_pool.hpp"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/support/media.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Long enough for a machine that does other things too; what hangs, hangs for longer.
constexpr milliseconds kPatience{30'000};
constexpr milliseconds kImpatience{300};

// Read by a script with `head -c`, which takes no more than it was told to.
const std::string kTakeRequest = "head -c $REQUEST <&3 >/dev/null\n";
const std::string kPrepared =
    "head -c $PREPARE <&3 >/dev/null; printf 'CG\\001\\201\\000\\000\\000\\004\\000\\000\\000\\000' >&3\n";
// EncryptReply with "ok".
const std::string kAnswer = "printf 'CG\\001\\204\\000\\000\\000\\006\\000\\000\\000\\002ok' >&3\n";
const std::string kCount = "echo started >> $LOG\n";
const std::string kHang = "sleep 1000\n";

const Request kRequest = EncryptRequest{};

struct Scene {
  explicit Scene(const std::string& script, std::size_t workers = 1, milliseconds start_limit = kPatience,
                 milliseconds queue_limit = kPatience) {
    RunFolder folder = *RunFolder::make({scratch.path()});
    PrepareRequest prepare;
    prepare.folder = (folder.path() / "1").string();
    const std::string numbers = "PREPARE=" + std::to_string(write_request(prepare)->size()) +
                                " REQUEST=" + std::to_string(write_request(kRequest)->size()) + " LOG=" + log.string() +
                                " FIRST=" + (scratch.path() / "first").string() + "\n";
    pool = std::make_unique<WorkerPool>(
        PoolOptions{"/bin/sh", {"-c", numbers + kCount + script}, workers, start_limit, queue_limit}, std::move(folder),
        PrepareRequest{});
  }

  std::string ask(milliseconds limit = kPatience) {
    const auto reply = pool->ask(kRequest, limit);
    if (!reply) return reply.error().detail;
    const auto* const encrypted = std::get_if<EncryptReply>(&*reply);
    return encrypted == nullptr ? "something else" : to_string(encrypted->packets);
  }
  std::size_t starts() const {
    std::ifstream lines(log);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) ++count;
    return count;
  }

  ScratchFolder scratch;
  fs::path log = scratch.path() / "log";
  std::unique_ptr<WorkerPool> pool;
};

// What a script does the first time, and ever after.
std::string at_first(const std::string& first, const std::string& later) {
  return "if [ ! -e $FIRST ]; then touch $FIRST\n" + first + "else\n" + later + "fi\n";
}
std::string for_ever(const std::string& what) {
  return "while :; do\n" + what + "done\n";
}
const std::string kServe = kPrepared + for_ever(kTakeRequest + kAnswer);

}  // namespace

TEST_CASE("a worker that is in order answers one request after the other") {
  Scene scene(kServe);
  REQUIRE(scene.pool->start());
  for (int i = 0; i < 3; ++i) CHECK(scene.ask() == "ok");
  CHECK(scene.starts() == 1);
}

TEST_CASE("a worker that dies before it reads loses nothing") {
  Scene scene(at_first(kPrepared, kServe));
  REQUIRE(scene.pool->start());
  CHECK(scene.ask() == "ok");
  CHECK(scene.starts() == 2);
}

TEST_CASE("a worker that was killed while it was idle loses nothing") {
  Scene scene(kServe);
  REQUIRE(scene.pool->start());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scene.pool->pids().size() == 1);
    REQUIRE(::kill(scene.pool->pids()[0], SIGKILL) == 0);
    CHECK(scene.ask() == "ok");
  }
  CHECK(scene.starts() == 4);
}

TEST_CASE("a request whose worker dies is asked once more and then given up") {
  Scene dies_once(kPrepared + at_first(kTakeRequest, for_ever(kTakeRequest + kAnswer)));
  REQUIRE(dies_once.pool->start());
  CHECK(dies_once.ask() == "ok");
  CHECK(dies_once.starts() == 2);
  Scene dies_always(kPrepared + kTakeRequest);
  REQUIRE(dies_always.pool->start());
  CHECK(dies_always.ask() == "the GnuPG worker ended");
  CHECK(dies_always.starts() == 2);
  CHECK(dies_always.pool->pids().empty());
}

TEST_CASE("a worker that dies within an answer has not answered") {
  Scene scene(
      kPrepared + kTakeRequest +
      at_first("printf 'CG\\001\\204\\000\\000\\000\\006\\000' >&3\n", kAnswer + for_ever(kTakeRequest + kAnswer)));
  REQUIRE(scene.pool->start());
  CHECK(scene.ask() == "ok");
}

TEST_CASE("a worker that hangs is ended with all that it started and its request fails") {
  Scene scene(kPrepared + at_first("sleep 1000 & echo $! > $FIRST.child\n" + kTakeRequest + kHang,
                                   for_ever(kTakeRequest + kAnswer)));
  REQUIRE(scene.pool->start());
  CHECK(scene.ask(kImpatience).find("did not answer in time") != std::string::npos);
  CHECK(scene.pool->pids().empty());
  const pid_t child = std::atoi(read_file(scene.scratch.path() / "first.child").c_str());
  REQUIRE(child > 0);
  // Whoever inherits it has to take it off the list first.
  bool gone = false;
  for (int i = 0; i < 3000 && !gone; ++i) {
    const std::string stat = "/proc/" + std::to_string(child) + "/stat";
    std::ifstream file(stat);
    std::string text;
    gone = !std::getline(file, text) || text.find(") Z ") != std::string::npos;
    if (!gone) std::this_thread::sleep_for(milliseconds(10));
  }
  CHECK(gone);
  CHECK(scene.ask() == "ok");  // the next one has a worker again
}

TEST_CASE("a worker that does not read is ended too") {
  Scene scene(kPrepared + kHang);
  REQUIRE(scene.pool->start());
  EncryptRequest large;
  large.packets.resize(400u << 10);
  const auto reply = scene.pool->ask(large, kImpatience);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::openpgp_unavailable);
}

TEST_CASE("what is no answer ends the worker and fails the request") {
  const struct {
    const char* what;
    const char* bytes;
  } kRows[] = {
      {"garbage", "garbage garbage"},
      {"another version", "CG\\002\\204\\000\\000\\000\\006\\000\\000\\000\\002ok"},
      {"more than there may be", "CG\\001\\204\\377\\377\\377\\377"},
      {"a field beyond the end", "CG\\001\\204\\000\\000\\000\\006\\000\\000\\000\\003ok"},
      {"a field too many", "CG\\001\\204\\000\\000\\000\\012\\000\\000\\000\\002ok\\000\\000\\000\\000"},
      {"an unknown kind", "CG\\001\\205x\\000\\000\\000\\000"},
  };
  for (const auto& row : kRows) {
    INFO(row.what);
    Scene scene(
        kPrepared + kTakeRequest +
        at_first("printf '" + std::string(row.bytes) + "' >&3\n" + kHang, kAnswer + for_ever(kTakeRequest + kAnswer)));
    REQUIRE(scene.pool->start());
    CHECK(scene.ask(kPatience).find("did not speak as it should") != std::string::npos);
    CHECK(scene.ask() == "ok");
    CHECK(scene.starts() == 2);
  }
}

TEST_CASE("a worker that says more than it was asked is not asked again") {
  // Both in one write, so that the second is there when the first is read.
  const std::string bytes = "CG\\001\\204\\000\\000\\000\\006\\000\\000\\000\\002";
  Scene scene(kPrepared + at_first(kTakeRequest + "printf '" + bytes + "ok" + bytes + "no' >&3\n" + kHang,
                                   for_ever(kTakeRequest + kAnswer)));
  REQUIRE(scene.pool->start());
  CHECK(scene.ask() == "ok");
  CHECK(scene.ask() == "ok");
  CHECK(scene.starts() == 2);
}

TEST_CASE("a worker's own failure comes through and it is asked again") {
  const std::string failure =
      "printf 'CG\\001\\210\\000\\000\\000\\036\\000\\000\\000\\023certificate_refused\\000\\000\\000\\003why' >&3\n";
  Scene scene(kPrepared + kTakeRequest + failure + for_ever(kTakeRequest + kAnswer));
  REQUIRE(scene.pool->start());
  const auto reply = scene.pool->ask(kRequest, kPatience);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::certificate_refused);
  CHECK(reply.error().detail == "why");
  CHECK(scene.ask() == "ok");
  CHECK(scene.starts() == 1);
}

TEST_CASE("a pool whose workers do not start says so and leaves nothing running") {
  for (const std::string& script : {std::string("exit 1\n"), kHang, std::string("printf nonsense- >&3\n" + kHang)}) {
    Scene scene(script, 1, script == kHang ? kImpatience : kPatience);
    const auto started = scene.pool->start();
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::openpgp_unavailable);
    CHECK(scene.pool->pids().empty());
    CHECK(std::distance(fs::directory_iterator(scene.pool->folder()), fs::directory_iterator()) == 1);  // the lock
  }
  const ScratchFolder scratch;
  WorkerPool nobody({"/nonexistent/program", {}, 1}, *RunFolder::make({scratch.path()}), {});
  CHECK(nobody.start().error().code == ErrorCode::openpgp_unavailable);
}

TEST_CASE("who finds every worker busy is told so in the end and not made to wait for ever") {
  Scene scene(kPrepared + kTakeRequest + "touch $FIRST.busy; while [ ! -e $FIRST.free ]; do sleep 0.02; done\n" +
                  kAnswer + for_ever(kTakeRequest + kAnswer),
              1, kPatience, kImpatience);
  REQUIRE(scene.pool->start());
  std::string first;
  std::thread other([&] { first = scene.ask(); });
  while (!fs::exists(scene.scratch.path() / "first.busy")) std::this_thread::sleep_for(milliseconds(10));
  CHECK(scene.ask() == "every GnuPG worker is busy");
  write_file(scene.scratch.path() / "first.free", "");
  other.join();
  CHECK(first == "ok");
  CHECK(scene.ask() == "ok");
}

TEST_CASE("threads share workers and each gets its own answer while some are killed") {
  Scene scene(kServe, 3);
  REQUIRE(scene.pool->start());
  std::atomic<int> answered{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        const auto reply = scene.pool->ask(kRequest, kPatience);
        // A request whose worker was killed twice may be lost, with this code and no other.
        if (reply || reply.error().code == ErrorCode::openpgp_unavailable) ++answered;
      }
    });
  }
  std::thread killer([&] {
    while (!done) {
      const auto pids = scene.pool->pids();
      if (!pids.empty()) ::kill(pids[static_cast<std::size_t>(std::rand()) % pids.size()], SIGKILL);
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  killer.join();
  CHECK(answered == 60);
  CHECK(scene.ask() == "ok");
}

TEST_CASE("S56 a worker gets no file and of the environment only what GnuPG needs") {
  if (!fs::exists("/proc/self/fd")) {
    WARN("no /proc here, so open files cannot be listed");
    return;
  }
  ::setenv("COUNTERSIGN_SECRET_FOR_TEST", "visible", 1);
  Scene scene("ls /proc/self/fd > $FIRST.files; env > $FIRST.environment\n" + kServe);
  REQUIRE(scene.pool->start());
  ::unsetenv("COUNTERSIGN_SECRET_FOR_TEST");
  // Three to nowhere, the socket, and the one that ls lists with.
  CHECK(read_file(scene.scratch.path() / "first.files") == "0\n1\n2\n3\n4\n");
  const std::string environment = read_file(scene.scratch.path() / "first.environment");
  CHECK(environment.find("PATH=") != std::string::npos);
  CHECK(environment.find("COUNTERSIGN") == std::string::npos);
}
