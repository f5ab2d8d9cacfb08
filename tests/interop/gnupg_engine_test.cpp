// A server whose every OpenPGP operation is GnuPG's, and people with stock gpg.
#include <signal.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// The server's private homes lie in a folder of the test.
struct World {
  World() {
    installation.add_account("alice", alice.certificate());
    fs::create_directory(runtime);
    fs::permissions(runtime, fs::perms::owner_all);
  }

  std::vector<std::string> environment() const { return {"RUNTIME_DIRECTORY=" + runtime.string()}; }

  Installation installation;
  GnupgUser alice{"Alice"};
  fs::path runtime = installation.folder() / "run";
};

std::string challenge_of(const RunningServer& server, const std::string& form) {
  const WireReply challenge = server.post_form("/v1/challenge", form);
  INFO(challenge.body);
  REQUIRE(challenge.status == 200);
  return challenge.body;
}

int session_status_of(const RunningServer& server, const WireReply& opened) {
  INFO(opened.body);
  REQUIRE(opened.status == 201);
  return server.session_status(field(json_of(opened.body), "token"));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The server's GnuPG workers; none where there is no /proc.
std::vector<pid_t> workers_of(pid_t server) {
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const auto slurp = [&](const char* name) {
      std::ifstream file(at->path() / name, std::ios::binary);
      // A process that ends while it is read fails the stream; the iterators alone would throw that.
      std::ostringstream text;
      text << file.rdbuf();
      return text.str();
    };
    if (!contains(slurp("cmdline"), "gnupg-worker")) continue;
    if (contains(slurp("stat"), " " + std::to_string(server) + " ")) {
      found.push_back(std::atoi(at->path().filename().c_str()));
    }
  }
  return found;
}

std::size_t key_files_beneath(const fs::path& folder) {
  std::size_t count = 0;
  std::error_code error;  // they may go while we look
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".key") ++count;
  }
  return error ? 1 : count;
}

}  // namespace

TEST_CASE("S60 a server on GnuPG alone makes a managed account's key, which its owner's GnuPG logs in with") {
  World world;
  std::vector<std::string> environment = world.environment();
  environment.emplace_back("COUNTERSIGN_REGISTRATION=open");
  RunningServer server(world.installation, {"--openpgp", "gpgme"}, environment);
  const Json asked =
      Json::object().set("username", "mina").set("password", "correct horse").set("managed", true).set("escrow", true);
  const WireReply made = server.post_json("/v1/accounts", asked);
  INFO(made.body);
  REQUIRE(made.status == 201);
  const std::string key = field(json_of(made.body), "secret_key");
  GnupgHome home;
  home.import(key);
  CHECK(contains(home.must({"--list-packets"}, key), "protect count: 65011712"));
  CHECK(home.fingerprints("mina").at(0) == field(json_of(made.body), "fingerprint"));
  const std::vector<std::string> unlocked = {"--pinentry-mode", "loopback", "--passphrase", "correct horse"};
  const ProgramRun opened = home.decrypt(challenge_of(server, "username=mina"), unlocked);
  CHECK(session_status_of(server, server.post_text("/v1/session", home.clearsign("mina", opened.output, unlocked))) ==
        200);
  const Json proof = Json::object().set("username", "mina").set("password", "correct horse");
  CHECK(field(json_of(server.post_json("/v1/key", proof).body), "secret_key") == key);
}

TEST_CASE("a server on GnuPG alone logs in clear-signed and detached") {
  World world;
  RunningServer server(world.installation, {"--openpgp", "gpgme"}, world.environment());
  const std::string first = challenge_of(server, "username=alice");
  CHECK(session_status_of(server, server.post_text("/v1/session", world.alice.answer(first))) == 200);
  const std::string second = challenge_of(server, "username=alice");
  CHECK(session_status_of(server, server.post_json("/v1/session", json_of(world.alice.answer_detached(second)))) ==
        200);
  CHECK(world.installation.sessions_of("alice") == 2);
  // The same answer again, another's answer, and an answer of nobody.
  CHECK(server.post_text("/v1/session", world.alice.answer(first)).status == 401);
  GnupgUser mallory("Mallory");
  const std::string third = challenge_of(server, "username=alice");
  const std::string statement = world.alice.open(third);
  CHECK(server.post_text("/v1/session", mallory.home.clearsign(mallory.key, statement)).status == 401);
  CHECK(server.post_text("/v1/session", world.alice.home.clearsign(world.alice.key, statement)).status == 201);
  CHECK(server.stop(SIGTERM) == 0);
  CHECK(fs::is_empty(world.runtime));
}

TEST_CASE("a data folder made with one engine is served with the other") {
  World world;
  const fs::path settings = world.installation.data() / "countersign.toml";
  std::string text = read_file(settings);
  text.insert(text.find("# openpgp = "), "openpgp = \"gpgme\"\n");
  write_file(settings, text);
  GnupgUser bob("Bob", "rsa3072");
  world.installation.add_account("bob", bob.certificate());
  {
    const RunningServer server(world.installation, {}, world.environment());
    const std::string challenge = challenge_of(server, "username=bob");
    CHECK(session_status_of(server, server.post_text("/v1/session", bob.answer(challenge))) == 200);
  }
  const RunningServer server(world.installation, {"--openpgp", "rnp"});
  const std::string challenge = challenge_of(server, "username=bob");
  CHECK(session_status_of(server, server.post_text("/v1/session", bob.answer(challenge))) == 200);
}

TEST_CASE("a server whose GnuPG workers are killed goes on and each login is accepted once or can be tried again") {
  if (!fs::exists("/proc/self/stat")) {
    WARN("no /proc here, so workers cannot be found");
    return;
  }
  World world;
  const RunningServer server(world.installation, {"--openpgp", "gpgme", "--rate-limit", "off"}, world.environment());
  std::atomic<bool> done{false};
  std::atomic<int> kills{0};
  std::thread killer([&] {
    // Ever more seldom: on a slow machine a login may need more than the first pause.
    for (std::chrono::milliseconds pause(150); !done; pause += pause / 20) {
      for (const pid_t worker : workers_of(server.pid())) kills += ::kill(worker, SIGKILL) == 0 ? 1 : 0;
      std::this_thread::sleep_for(pause);
    }
  });
  constexpr std::size_t kLogins = 8;
  std::size_t accepted = 0;
  int unavailable = 0;
  int others = 0;
  while (accepted < kLogins && others == 0) {
    const WireReply challenge = server.post_form("/v1/challenge", "username=alice");
    if (challenge.status != 200) {
      ++(challenge.status == 503 ? unavailable : others);
      continue;
    }
    const std::string response = world.alice.answer(challenge.body);
    WireReply opened = server.post_text("/v1/session", response);
    for (; opened.status == 503; opened = server.post_text("/v1/session", response)) ++unavailable;
    if (opened.status == 201) {
      ++accepted;
    } else {
      ++others;
    }
    if (server.post_text("/v1/session", response).status == 201) ++others;
  }
  done = true;
  killer.join();
  INFO(kills << " workers killed, " << unavailable << " times unavailable");
  CHECK(kills > 0);
  CHECK(others == 0);
  CHECK(world.installation.sessions_of("alice") == kLogins);
}

TEST_CASE("S56 a server that was killed leaves no key behind and the next start sweeps the rest") {
  World world;
  RunningServer server(world.installation, {"--openpgp", "gpgme"}, world.environment());
  CHECK(key_files_beneath(world.runtime) > 0);
  server.stop(SIGKILL);
  // Its workers see the end of their sockets.
  for (int i = 0; i < 3000 && key_files_beneath(world.runtime) != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(key_files_beneath(world.runtime) == 0);
  RunningServer next(world.installation, {"--openpgp", "gpgme"}, world.environment());
  CHECK(std::distance(fs::directory_iterator(world.runtime), fs::directory_iterator()) == 1);
  CHECK(next.stop(SIGTERM) == 0);
  CHECK(fs::is_empty(world.runtime));
}
