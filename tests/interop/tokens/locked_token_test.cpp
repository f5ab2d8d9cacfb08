// A token that is not there, is locked or is pulled out: the error says what to do, and nothing changes.
#include <catch2/catch.hpp>

#include "auth/client/gpgme_user_keys.hpp"
#include "tests/interop/tokens/token_world.hpp"
#include "tests/support/courier_stick.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

// login, respond and courier sign all fail with these words and exit code 1, and leave nothing behind.
void require_refused(TokenWorld& world, const RunningServer& server, std::string_view words) {
  const CourierStick stick;
  world.installation.must({"courier", "export", "alice", "--to", stick.text_path()});
  const auto before = stick.contents();
  const auto challenge = server.post_form("/v1/challenge", "username=alice").body;
  const std::size_t sessions = world.installation.sessions_of("alice");
  for (const ProgramRun& run : {world.run({"login", server.url(), "--user", "alice", "--server", kServerName}),
                                world.run({"respond"}, challenge), world.run({"courier", "sign", stick.text_path()})}) {
    INFO(run.output);
    INFO(run.error);
    CHECK(run.exit_code == 1);
    CHECK(unwrapped(run.error).find(words) != std::string::npos);
    CHECK(run.output.find("PGP SIGNED") == std::string::npos);
  }
  CHECK(stick.contents() == before);
  CHECK(world.installation.sessions_of("alice") == sessions);
}

}  // namespace

TEST_CASE("S31 a token that is not there is named and nothing is signed until it is back") {
  TokenWorld world;
  const RunningServer server(world.installation);
  world.token.pull();
  require_refused(world, server, "is in a token that is not there");
  world.token.put_back();
  world.token.forget_pin();
  CHECK(world.run({"login", server.url(), "--user", "alice", "--server", kServerName}).exit_code == 0);
}

TEST_CASE("S31 a wrong PIN or a cancelled prompt is told from a message for somebody else") {
  TokenWorld world;
  const RunningServer server(world.installation);
  world.token.answer_with(PinAnswer::wrong);
  require_refused(world, server, "was not unlocked");
  world.token.answer_with(PinAnswer::cancelled);
  require_refused(world, server, "was not unlocked");
  world.token.answer_with(PinAnswer::right);

  // Now the token is unlocked on the way, and the challenge of somebody else is just that.
  GnupgUser bob("Bob", "rsa2048");
  world.installation.add_account("bob", bob.certificate());
  const CourierStick stick;
  world.installation.must({"courier", "export", "bob", "--to", stick.text_path()});
  world.token.forget_pin();
  const ProgramRun others = world.run({"courier", "sign", stick.text_path()});
  INFO(others.error);
  CHECK(others.exit_code == 0);
  CHECK(others.output.find("for another key") != std::string::npos);
  CHECK(world.token.asked() > 0);
}

TEST_CASE("S31 a token that has blocked its PIN says so and how it is unblocked") {
  TokenWorld world;
  const RunningServer server(world.installation);
  world.token.block_pin();
  require_refused(world, server, "blocked");
  CHECK(world.token.asked() == 0);
}

TEST_CASE("S31 a token pulled between opening and signing signs nothing and is named") {
  TokenWorld world;
  const ProgramRun challenge = world.installation.run({"challenge", "alice"});
  REQUIRE(challenge.exit_code == 0);
  const auto keys = auth::client::GpgmeUserKeys::open_home(world.token.path()).value();
  REQUIRE(keys->open(challenge.output).has_value());
  world.token.pull();
  const auto refused = keys->clear_sign("text\n", auth::Fingerprint::parse(world.key).value());
  REQUIRE(!refused);
  INFO(refused.error().detail);
  CHECK(refused.error().code == ErrorCode::gnupg_failed);
  CHECK(refused.error().detail.find("is in a token that is not there") != std::string::npos);
}
