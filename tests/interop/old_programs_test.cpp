// What older programs write, and other exports than the usual one, enrols and logs in.
#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

TEST_CASE("a response that GnuPG 1.4 signed logs in, though it names its issuer where nobody signed it") {
  const Installation installation;
  GnupgUser alice("Alice", "rsa3072");
  installation.add_account("alice", alice.certificate());
  const RunningServer server(installation);
  const ScratchFolder old;
  const auto gpg1 = [&](const std::vector<std::string>& arguments, std::string_view input) {
    std::vector<std::string> all = {"gpg1", "--homedir", old.path().string(), "--batch", "--quiet"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const ProgramRun run = run_program(all, input);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return run.output;
  };
  gpg1({"--import"}, alice.home.export_secret_binary(alice.key));
  const std::string statement = alice.open(server.post_form("/v1/challenge", "username=alice").body);
  const std::string response = gpg1({"--digest-algo", "SHA256", "--clearsign"}, statement);
  CHECK(server.post_text("/v1/session", response).status == 201);
  // Over another statement it is as worthless as any.
  std::string forged = response;
  forged.replace(forged.find("purpose: "), 9, "Purpose: ");
  CHECK(server.post_text("/v1/session", forged).status == 401);
}

TEST_CASE("a certificate as a backup holds it is taken, and its owner told what was left out of it") {
  const Installation installation;
  GnupgUser alice("Alice");
  const std::string backup = alice.home.must({"--armor", "--export-options", "backup", "--export", alice.key});
  const ProgramRun added = installation.run({"account", "add", "alice", "--public-key", "-", "--json"}, backup);
  CHECK(added.exit_code == 0);
  const Json answer = json_of(added.output);
  const Json* const left_out = answer.find("left_out");
  REQUIRE(left_out != nullptr);
  REQUIRE(left_out->items()->size() == 1);
  CHECK(left_out->items()->front().string()->starts_with("trust (12) packet"));
  const RunningServer server(installation);
  CHECK(
      server.post_text("/v1/session", alice.answer(server.post_form("/v1/challenge", "username=alice").body)).status ==
      201);
}

TEST_CASE("a key whose policy is at a critical address enrols, and signs with one") {
  const Installation installation;
  GnupgUser alice("Alice");
  alice.home.must({"--cert-policy-url", "!https://example.org/policy", "--quick-set-expire", alice.key, "2y"});
  installation.add_account("alice", alice.certificate());
  const RunningServer server(installation);
  const std::string statement = alice.open(server.post_form("/v1/challenge", "username=alice").body);
  const std::string response =
      alice.home.clearsign(alice.key, statement, {"--sig-policy-url", "!https://example.org/policy"});
  CHECK(server.post_text("/v1/session", response).status == 201);
}
