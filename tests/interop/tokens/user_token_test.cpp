// A user whose RSA keys live in a token (SoftHSM2 behind gnupg-pkcs11-scd) and never in a file.
#include <catch2/catch.hpp>

#include "tests/interop/tokens/token_world.hpp"
#include "tests/support/courier_stick.hpp"
#include "tests/support/pty.hpp"

using namespace countersign;
using namespace countersign::test;

TEST_CASE("S31 a key in a token logs in and answers by pipe and by stick and the PIN is asked for once") {
  const TokenWorld world;
  const RunningServer server(world.installation);
  const ProgramRun login = world.run({"login", server.url(), "--user", "alice", "--server", kServerName});
  INFO(login.error);
  REQUIRE(login.exit_code == 0);
  CHECK(server.session_status(login.output.substr(0, login.output.size() - 1)) == 200);
  CHECK(world.token.asked() == 1);

  const ProgramRun responded = world.run({"respond"}, server.post_form("/v1/challenge", "username=alice").body);
  INFO(responded.error);
  REQUIRE(responded.exit_code == 0);
  // The signature that the token made: SHA-512 (10) or SHA-256 (8), never the SHA-1 that is refused.
  const ProgramRun verified = world.token.run({"--status-fd", "1", "--verify"}, responded.output);
  const auto valid = verified.output.find("VALIDSIG " + world.key);
  REQUIRE(valid != std::string::npos);
  const std::string status = verified.output.substr(valid, verified.output.find('\n', valid) - valid);
  CHECK((status.find(" 1 10 01 ") != std::string::npos || status.find(" 1 8 01 ") != std::string::npos));
  CHECK(server.post_text("/v1/session", responded.output).status == 201);

  const CourierStick stick;
  world.installation.must({"courier", "export", "alice", "--to", stick.text_path()});
  const ProgramRun signed_by_stick = world.run({"courier", "sign", stick.text_path()});
  INFO(signed_by_stick.error);
  REQUIRE(signed_by_stick.exit_code == 0);
  world.installation.must({"courier", "import", stick.text_path()});
  const ProgramRun opened = world.run({"courier", "open", stick.text_path()});
  INFO(opened.error);
  REQUIRE(opened.exit_code == 0);
  CHECK(server.session_status(opened.output.substr(0, opened.output.find('\n'))) == 200);
  CHECK(world.token.asked() == 1);
  CHECK(world.installation.sessions_of("alice") == 3);
}

TEST_CASE("S31 the PIN is typed at the terminal of a command whose input and output are pipes") {
  if (!Pty::offered()) return;
  const TokenWorld world;
  const std::string challenge = world.installation.must({"challenge", "alice"});
  world.token.answer_with(PinAnswer::typed);
  const Pty pty;
  pty.type(std::string(TokenHome::pin()) + "\n");
  auto environment = world.installation.environment(&world.token.gnupg());
  environment.emplace_back("GPG_TTY=");
  const ProgramRun run = run_program(
      {"sh", "-c", std::string("exec ") + COUNTERSIGN_PROGRAM + " respond 2> " + pty.path()}, challenge, environment);
  const std::string seen = pty.seen();
  INFO(seen);
  CHECK(run.exit_code == 0);
  CHECK(seen.find("PIN: ") != std::string::npos);
  CHECK(world.token.asked() == 1);
  CHECK(run_program({COUNTERSIGN_PROGRAM, "redeem"}, run.output, environment).exit_code == 0);
}
