// A server whose two engines have to agree, and people with stock gpg.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

std::string challenge_of(const RunningServer& server, const std::string& form) {
  const WireReply challenge = server.post_form("/v1/challenge", form);
  INFO(challenge.body);
  REQUIRE(challenge.status == 200);
  return challenge.body;
}

}  // namespace

TEST_CASE("a server with both engines logs in whom both know and nobody else") {
  Installation installation;
  GnupgUser alice("Alice");
  GnupgUser bob("Bob", "rsa3072");
  GnupgUser mallory("Mallory");
  const fs::path runtime = installation.folder() / "run";
  fs::create_directory(runtime);
  fs::permissions(runtime, fs::perms::owner_all);
  installation.add_account("alice", alice.certificate());
  installation.add_account("bob", bob.certificate());
  RunningServer server(installation, {"--openpgp", "both"}, {"RUNTIME_DIRECTORY=" + runtime.string()});

  const std::string first = challenge_of(server, "username=alice");
  const WireReply opened = server.post_text("/v1/session", alice.answer(first));
  INFO(opened.body);
  REQUIRE(opened.status == 201);
  CHECK(server.session_status(field(json_of(opened.body), "token")) == 200);
  const std::string second = challenge_of(server, "username=bob");
  CHECK(server.post_json("/v1/session", json_of(bob.answer_detached(second))).status == 201);

  CHECK(server.post_text("/v1/session", alice.answer(first)).status == 401);
  const std::string third = challenge_of(server, "username=alice");
  const std::string statement = alice.open(third);
  CHECK(server.post_text("/v1/session", mallory.home.clearsign(mallory.key, statement)).status == 401);
  CHECK(server.post_text("/v1/session", alice.home.clearsign(alice.key, statement)).status == 201);
  CHECK(server.stop(SIGTERM) == 0);
  CHECK(fs::is_empty(runtime));
}
