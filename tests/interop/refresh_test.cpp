// A key that its owner changed: a later end, another subkey, a subkey revoked. Its account takes the certificate anew.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

std::string added(const Installation& installation, const std::string& certificate) {
  const ProgramRun run = installation.run({"account", "add", "alice", "--public-key", "-", "--json"}, certificate);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const Json answer = json_of(run.output);
  const Json* const how = answer.find("certificate");
  return how == nullptr ? "added" : *how->string();
}

int log_in(const RunningServer& server, GnupgUser& user) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=alice");
  REQUIRE(challenge.status == 200);
  return server.post_text("/v1/session", user.answer(challenge.body)).status;
}

}  // namespace

TEST_CASE("a key whose end was put off logs in again once its account is added again") {
  const Installation installation;
  GnupgUser alice("Alice");
  alice.home.must({"--quick-set-expire", alice.key, "seconds=5"});
  alice.home.must({"--quick-set-expire", alice.key, "seconds=5", "*"});
  const std::string before = alice.certificate();
  CHECK(added(installation, before) == "added");
  CHECK(added(installation, before) == "unchanged");
  alice.home.must({"--quick-set-expire", alice.key, "2y"});
  alice.home.must({"--quick-set-expire", alice.key, "2y", "*"});
  const RunningServer server(installation);
  // The server's copy has ended meanwhile, the owner's has not.
  while (installation.run({"challenge", "alice"}).exit_code == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK_THAT(field(installation.json({"account", "show", "alice"}), "key_refused"), Catch::Contains("expired"));
  CHECK(added(installation, alice.certificate()) == "refreshed");
  CHECK(installation.json({"account", "show", "alice"}).find("key_refused") == nullptr);
  CHECK(log_in(server, alice) == 201);
  CHECK(installation.must({"audit", "list"}).find("certificate_refreshed") != std::string::npos);
}

TEST_CASE("an older copy of a certificate takes nothing back, and sessions end with what a newer one says") {
  const Installation installation;
  GnupgUser alice("Alice");
  const std::string old_subkey = alice.home.add_subkey(alice.key, "ed25519", "sign");
  const std::string before = alice.certificate();
  CHECK(added(installation, before) == "added");
  const RunningServer server(installation);
  const WireReply opened =
      server.post_text("/v1/session", alice.answer(server.post_form("/v1/challenge", "username=alice").body));
  REQUIRE(opened.status == 201);
  const std::string token = field(json_of(opened.body), "token");
  CHECK(server.session_status(token) == 200);

  GnupgUser thief("Thief");
  thief.home.import(alice.home.export_secret(alice.key));
  const auto log_in_as_thief = [&] {
    const std::string statement = thief.open(server.post_form("/v1/challenge", "username=alice").body);
    return server.post_text("/v1/session", thief.home.clearsign(old_subkey + "!", statement)).status;
  };
  CHECK(log_in_as_thief() == 201);
  alice.home.must({"--no-tty", "--command-fd", "0", "--edit-key", alice.key}, "key 2\nrevkey\ny\n0\n\ny\nsave\n");
  CHECK(added(installation, alice.certificate()) == "refreshed");
  CHECK(server.session_status(token) == 401);
  CHECK(log_in_as_thief() == 401);
  CHECK(added(installation, before) == "unchanged");
  CHECK(log_in_as_thief() == 401);
  CHECK(log_in(server, alice) == 201);
}

TEST_CASE("another key of the same name, a revoked one and one of a revoked account are no refresh") {
  const Installation installation;
  GnupgUser alice("Alice"), other("Other");
  installation.add_account("alice", alice.certificate());
  const auto refused = [&](const std::string& certificate) {
    const ProgramRun run = installation.run({"account", "add", "alice", "--public-key", "-"}, certificate);
    CHECK(run.exit_code != 0);
    return run.error;
  };
  CHECK(refused(other.certificate()).find("account_exists") != std::string::npos);
  const std::string good = alice.certificate();
  alice.home.revoke(alice.key);
  CHECK(refused(alice.certificate()).find("key_revoked") != std::string::npos);
  installation.must({"revoke", "alice", "--reason", "key_compromised"});
  CHECK(refused(good).find("account_exists") != std::string::npos);
}
