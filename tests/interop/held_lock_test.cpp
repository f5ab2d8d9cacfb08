// A process that keeps one of the server's lock files, as one does that was stopped in the midst of its work.
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>

#include "auth/secrets/private_file.hpp"
#include "tests/support/house.hpp"
#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a server whose floor is kept by another process decides, says so once, and ends when it is told to") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  RunningServer server(installation);
  const std::string lock = (installation.secrets() / "floor.lock").string();
  const auto login = [&] {
    return server.post_text("/v1/session", alice.answer(server.post_form("/v1/challenge", "username=alice").body));
  };
  {
    const auto held = must(auth::secrets::FileLock::acquire(lock));
    REQUIRE(login().status == 201);
    REQUIRE(comes_true([&] { return count(server.log(), "maintenance failed") > 0; }));
    REQUIRE(login().status == 201);
    std::this_thread::sleep_for(std::chrono::seconds(5));  // one more try, and its end
    CHECK(count(server.log(), "maintenance failed") == 1);
    CHECK_THAT(server.log(), Catch::Contains(lock));
    CHECK(server.stop(SIGTERM) == 0);
  }
  const RunningServer again(installation);
  CHECK(again.get("/readyz").status == 200);
  CHECK(field(installation.json({"audit", "verify"}), "intact") == "true");
}

TEST_CASE("a command whose lock another process keeps names the file and ends") {
  const Installation installation;
  const std::string lock = (installation.secrets() / "keys.lock").string();
  const auto held = must(auth::secrets::FileLock::acquire(lock));
  const ProgramRun run = installation.run({"secret", "rotate", "seal"});
  CHECK(run.exit_code == 7);
  CHECK_THAT(run.error, Catch::Contains("[busy]"));
  CHECK_THAT(unwrapped(run.error), Catch::Contains(lock + " is held by another process"));
}
