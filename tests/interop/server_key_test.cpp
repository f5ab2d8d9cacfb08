// The server's key ages beside a running server: the real program, curl's place taken by a bare socket, stock gpg.
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

struct World {
  explicit World(const std::string& storage = "sqlite") : installation(storage) {
    installation.add_account("alice", alice.certificate());
  }
  Installation installation;
  GnupgUser alice{"Alice"};
};

std::string in(std::chrono::seconds time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + time);
}

// Until it holds; the deadline is far off, for machines are slow.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (int tries = 0; tries < 600; ++tries) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

// The key ends within seconds; how soon depends on how long the command takes here.
void let_end(const Installation& installation) {
  for (int seconds = 3; seconds < 200; seconds *= 2) {
    const auto run = installation.run({"server-key", "extend", "--until", in(std::chrono::seconds(seconds))});
    if (run.exit_code == 0) return;
  }
  throw std::runtime_error("the key does not end soon");
}

int log_in(const RunningServer& server, GnupgUser& person) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=alice");
  if (challenge.status != 200) return challenge.status;
  return server.post_text("/v1/session", person.answer(challenge.body)).status;
}

}  // namespace

TEST_CASE("a running server warns of its key and stops with it and goes on when it is extended") {
  World world(GENERATE("sqlite", "directory"));
  world.installation.must({"server-key", "extend", "--until", in(std::chrono::hours(24 * 20))});
  const RunningServer server(world.installation);
  const auto readyz = [&] { return server.get("/readyz"); };
  CHECK(readyz().status == 200);
  CHECK(readyz().body.find("\"warnings\"") != std::string::npos);
  CHECK(server.get("/readyz", "X-Forwarded-For: 192.0.2.1\r\n").body == R"({"status":"ok"})");
  CHECK(server.log().find("server key ends") != std::string::npos);

  let_end(world.installation);
  CHECK(comes_true([&] { return readyz().status == 503; }));
  CHECK(readyz().body.find("countersign server-key extend") != std::string::npos);
  CHECK(log_in(server, world.alice) == 503);
  CHECK(server.get("/healthz").status == 200);
  CHECK(world.installation.run({"account", "list"}).exit_code == 0);

  world.installation.must({"server-key", "extend", "--for", "2y"});
  CHECK(comes_true([&] { return readyz().status == 200; }));
  CHECK(readyz().body == R"({"status":"ready"})");
  CHECK(log_in(server, world.alice) == 201);
}

TEST_CASE("a server whose key has expired starts and is mended while it runs") {
  World world;
  let_end(world.installation);
  CHECK(comes_true([&] {
    const auto show = world.installation.json({"server-key", "show"});
    return field(show, "expires_at") < in(std::chrono::seconds(0));
  }));
  RunningServer server(world.installation);
  CHECK(server.get("/readyz").status == 503);
  CHECK(log_in(server, world.alice) == 503);
  world.installation.must({"server-key", "extend", "--never"});
  CHECK(comes_true([&] { return log_in(server, world.alice) == 201; }));
  CHECK(server.stop(SIGTERM) == 0);
  world.installation.must({"audit", "verify"});
}

TEST_CASE("two servers on one store both notice that the key was extended") {
  World world;
  const RunningServer one(world.installation);
  const RunningServer two(world.installation, {}, {"COUNTERSIGN_INSTANCE=two"});
  world.installation.must({"server-key", "extend", "--for", "10d"});
  for (const RunningServer* server : {&one, &two}) {
    CHECK(comes_true([&] { return server->get("/readyz").body.find("warnings") != std::string::npos; }));
    CHECK(log_in(*server, world.alice) == 201);
  }
}

TEST_CASE("a server that cannot take its changed key over stays as it was and says that it is not ready") {
  World world("directory");
  const RunningServer server(world.installation);
  const auto record = world.installation.data() / "store" / "server" / "identity";
  const std::string text = read_file(record);
  write_file(record, "{}");
  CHECK(comes_true([&] { return server.get("/readyz").status == 503; }));
  CHECK(log_in(server, world.alice) == 201);
  CHECK(server.log().find("server key not taken over") != std::string::npos);
  write_file(record, text);
  CHECK(comes_true([&] { return server.get("/readyz").status == 200; }));
}
