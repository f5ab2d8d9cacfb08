// A server whose every OpenPGP operation is GnuPG's, and people with stock gpg.
#include <signal.h>

#include <catch2/catch.hpp>

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

}  // namespace

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
