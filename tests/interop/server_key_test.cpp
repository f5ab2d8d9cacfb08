// The server's key ages beside a running server: the real program, curl's place taken by a bare socket, stock gpg.
#include <signal.h>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

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

// A variable that every program of this test is started with.
class PassedOn {
 public:
  PassedOn(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~PassedOn() { ::unsetenv(name_); }
  PassedOn(const PassedOn&) = delete;
  PassedOn& operator=(const PassedOn&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("a running server warns of its key and stops with it and goes on when it is extended") {
  World world(GENERATE("sqlite", "directory"));
  world.installation.must({"server-key", "extend", "--until", in(std::chrono::hours(24 * 20))});
  const RunningServer server(world.installation);
  const auto readyz = [&] { return server.get("/readyz"); };
  CHECK(readyz().status == 200);
  CHECK(readyz().body.find("\"warnings\"") != std::string::npos);
  CHECK(server.get("/readyz", "X-Forwarded-For: 192.0.2.1\r\n").body == R"({"status":"ok"})");
  CHECK(comes_true([&] { return server.log().find("server key ends") != std::string::npos; }));

  let_end(world.installation);
  CHECK(comes_true([&] { return readyz().status == 503; }));
  CHECK(readyz().body.find("countersign server-key extend") != std::string::npos);
  CHECK(log_in(server, world.alice) == 503);
  CHECK(server.get("/healthz").status == 200);
  CHECK(world.installation.run({"account", "list"}).exit_code == 0);
  const ProgramRun by_hand = world.installation.run({"challenge", "alice"});
  CHECK(by_hand.exit_code == 7);
  CHECK(by_hand.error.find("countersign server-key extend") != std::string::npos);

  world.installation.must({"server-key", "extend", "--for", "2y"});
  CHECK(comes_true([&] { return readyz().status == 200; }));
  CHECK(readyz().body.starts_with(R"({"status":"ready",)"));
  CHECK(readyz().body.find("warnings") == std::string::npos);
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
  CHECK(comes_true([&] { return server.log().find("keys not taken over") != std::string::npos; }));
  write_file(record, text);
  CHECK(comes_true([&] { return server.get("/readyz").status == 200; }));
}

namespace {

std::string present_key(const Installation& installation) {
  return field(installation.json({"server-key", "show"}), "fingerprint");
}

bool serves_with(const RunningServer& server, const std::string& fingerprint) {
  return field(json_of(server.get("/v1/server").body), "fingerprint") == fingerprint;
}

std::string known_servers(const Installation& installation, const GnupgHome& home) {
  return installation.must({"server", "list", "--json"}, {}, &home);
}

}  // namespace

TEST_CASE("who knows the former key logs in across replacements and is known to know the new one") {
  const std::string storage = GENERATE("sqlite", "directory");
  const std::string engine = GENERATE("rnp", "gpgme");
  World world(storage);
  const RunningServer server(world.installation, {"--openpgp", engine});
  world.installation.must({"server", "trust", kServerName, world.installation.fingerprint(), "--url", server.url()}, {},
                          &world.alice.home);
  std::string known = world.installation.fingerprint();
  for (const int replacements : {1, 2}) {
    CAPTURE(storage, engine, replacements);
    for (int i = 0; i < replacements; ++i) world.installation.must({"server-key", "replace", "--yes"});
    const std::string present = present_key(world.installation);
    REQUIRE(present != known);
    REQUIRE(comes_true([&] { return serves_with(server, present); }));
    const ProgramRun login = world.installation.run({"login", server.url(), "--user", "alice"}, {}, &world.alice.home);
    INFO(login.error);
    CHECK(login.exit_code == 0);
    CHECK(unwrapped(login.error).find("has a new key") != std::string::npos);
    CHECK(known_servers(world.installation, world.alice.home).find(present) != std::string::npos);
    const ProgramRun again = world.installation.run({"login", server.url(), "--user", "alice"}, {}, &world.alice.home);
    CHECK(again.exit_code == 0);
    CHECK(unwrapped(again.error).find("has a new key") == std::string::npos);
    known = present;
  }
  world.installation.must({"audit", "verify"});
}

TEST_CASE("a stick is signed and its grant opened across a replacement with nothing but the former fingerprint") {
  World world;
  const std::string former = world.installation.fingerprint();
  const auto stick = (world.installation.folder() / "stick").string();
  std::filesystem::create_directory(stick);
  const auto run = [&](std::vector<std::string> arguments) {
    const ProgramRun done = world.installation.run(std::move(arguments), {}, &world.alice.home);
    INFO(done.error);
    CHECK(done.exit_code == 0);
    return done;
  };
  run({"courier", "export", "alice", "--to", stick});
  run({"server", "trust", kServerName, former});
  run({"courier", "sign", stick});
  // In flight while the key is replaced: taken, and answered by the new key.
  run({"server-key", "replace", "--yes"});
  run({"courier", "import", stick});
  CHECK(run({"courier", "open", stick}).error.find("has a new key") != std::string::npos);

  // And without any file of known servers.
  std::filesystem::remove_all(stick);
  std::filesystem::create_directory(stick);
  run({"courier", "export", "alice", "--to", stick});
  const std::string certificates =
      read_file(std::filesystem::path(stick) / "outbox" / transport::courier::server_file(kServerName));
  GnupgHome stranger;
  stranger.import(certificates);
  CHECK(stranger.run({"--list-keys", former}).exit_code == 0);
  CHECK(stranger.run({"--list-keys", present_key(world.installation)}).exit_code == 0);
  run({"server", "forget", kServerName});
  CHECK(run({"courier", "sign", stick, "--server", kServerName, "--server-key", former}).error.find("has a new key") !=
        std::string::npos);
}

TEST_CASE("other programs open and verify a message that carries successions") {
  World world;
  world.installation.must({"server-key", "replace", "--yes"});
  world.installation.must({"server-key", "replace", "--yes"});
  const std::string message = world.installation.must({"challenge", "alice"});
  CHECK(message.size() < 8192);
  const RunningServer server(world.installation);
  const std::string certificate = field(json_of(server.get("/v1/server").body), "public_key");
  world.alice.home.import(certificate);
  const ProgramRun gpg = world.alice.home.decrypt(message, {"--status-fd", "2"});
  INFO(gpg.error);
  CHECK(gpg.output.starts_with("countersign-statement-v1\n"));
  CHECK(gpg.error.find("GOODSIG") != std::string::npos);
  if (run_program({"sh", "-c", "command -v sq"}, {}).exit_code != 0) {
    WARN("sq is not installed: it was not asked");
    return;
  }
  const auto folder = world.installation.folder();
  write_file(folder / "message.asc", message);
  write_file(folder / "server.asc", certificate);
  write_file(folder / "alice.key", world.alice.home.export_secret(world.alice.key));
  const ProgramRun sq =
      run_program({"sq", "decrypt", "--signer-cert", (folder / "server.asc").string(), "--signatures", "1",
                   "--recipient-key", (folder / "alice.key").string(), (folder / "message.asc").string()},
                  {});
  INFO(sq.error);
  CHECK(sq.exit_code == 0);
  CHECK(sq.output.starts_with("countersign-statement-v1\n"));
}

TEST_CASE("a key that is lost or stolen is replaced and nobody is led to the new one") {
  World world;
  world.installation.must({"server", "trust", kServerName, world.installation.fingerprint()}, {}, &world.alice.home);
  std::filesystem::remove(world.installation.secrets() / "server.key");
  CHECK(world.installation.run({"challenge", "alice"}).exit_code == 8);
  CHECK(world.installation.run({"server-key", "replace", "--yes"}).exit_code == 7);
  world.installation.must({"server-key", "replace", "--yes", "--without-succession"});
  const std::string challenge = world.installation.must({"challenge", "alice"});
  const ProgramRun refused = world.installation.run({"respond"}, challenge, &world.alice.home);
  CHECK(refused.exit_code == 1);
  CHECK(refused.error.find("server_mismatch") != std::string::npos);
  world.installation.must({"server", "forget", kServerName}, {}, &world.alice.home);
  world.installation.must({"server", "trust", kServerName, present_key(world.installation)}, {}, &world.alice.home);
  CHECK(world.installation.run({"respond"}, challenge, &world.alice.home).exit_code == 0);
}

TEST_CASE("a replacement that is killed at any moment leaves a server that works") {
  World world(GENERATE("sqlite", "directory"));
  world.installation.must({"server", "trust", kServerName, world.installation.fingerprint()}, {}, &world.alice.home);
  const auto began = std::chrono::steady_clock::now();
  world.installation.must({"server-key", "replace", "--yes"});
  const auto whole = std::chrono::steady_clock::now() - began;
  constexpr int kKills = 24;
  int replaced = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::string before = present_key(world.installation);
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string data = world.installation.data().string();
      ::close(STDOUT_FILENO);
      ::close(STDERR_FILENO);
      ::execl(COUNTERSIGN_PROGRAM, COUNTERSIGN_PROGRAM, "server-key", "replace", "--yes", "--data", data.c_str(),
              static_cast<char*>(nullptr));
      ::_exit(127);
    }
    std::this_thread::sleep_for(whole * (i + 1) / kKills);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CAPTURE(i);
    replaced += present_key(world.installation) != before ? 1 : 0;
    // It signs, and who knew the first key of all can still follow.
    const std::string challenge = world.installation.must({"challenge", "alice"});
    if (replaced < 7) {
      const ProgramRun done = world.installation.run({"respond"}, challenge, &world.alice.home);
      INFO(done.error);
      CHECK(done.exit_code == 0);
    }
    for (const auto& file : files_beneath(world.installation.secrets())) {
      const std::string name = file.filename().string();
      // What was never committed lies there until the next replacement; what was is settled by now.
      if (name.starts_with("server-")) CHECK(name.find(present_key(world.installation)) == std::string::npos);
    }
  }
  world.installation.must({"audit", "verify"});
  std::cout << "killed replacements: " << kKills << ", " << replaced << " of them after the commit\n";
}

// LoadCredential= in systemd.exec(5): a file of root's or ours, which only the service reads.
TEST_CASE("a server's key that systemd hands over is used where the secrets hold none") {
  World world;
  const ScratchFolder handed;
  const fs::path file = handed.path() / "server.key";
  fs::rename(world.installation.secrets() / "server.key", file);
  fs::permissions(file, fs::perms::owner_read);
  const auto refusal = [&] {
    const ProgramRun run = refused_start(world.installation);
    CHECK(run.exit_code == 8);
    return unwrapped(run.error);
  };
  CHECK(refusal().find("server.key is not there") != std::string::npos);

  const PassedOn passed_on("CREDENTIALS_DIRECTORY", handed.path().string());
  {
    const RunningServer server(world.installation);
    CHECK(log_in(server, world.alice) == 201);
    CHECK(world.installation.must({"server-key", "show"}).find(file.string()) != std::string::npos);
  }
  fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
  CHECK(refusal().find("is no credential as systemd hands it over") != std::string::npos);
  fs::permissions(file, fs::perms::owner_read);

  // What replaces it is a file of the secrets, and goes before it.
  world.installation.must({"server-key", "replace", "--yes"});
  CHECK(fs::exists(world.installation.secrets() / "server.key"));
  const RunningServer server(world.installation);
  CHECK(log_in(server, world.alice) == 201);
}
