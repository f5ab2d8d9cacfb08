// The life of a key as its holder and the administrator see it, with the real program and stock GnuPG.
#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// A user with a second key in the same home.
struct TwoKeys : GnupgUser {
  TwoKeys() : GnupgUser("Alice"), next(home.make_key("nistp256", "Alice next")) {}
  std::string next;
};

std::string challenge_for(const RunningServer& server, const Json& fields) {
  const WireReply reply = server.post_json("/v1/challenge", Json(fields).set("username", "alice"));
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  return reply.body;
}

Json to_rotate(TwoKeys& user) {
  return Json::object().set("purpose", "rotate").set("new_public_key", user.home.export_public(user.next));
}

Json to_revoke(const std::string& reason) {
  return Json::object().set("purpose", "revoke").set("reason", reason);
}

// A session's token by that key.
WireReply login(const RunningServer& server, TwoKeys& user, const std::string& key) {
  return server.post_text("/v1/session", user.home.clearsign(key, user.open(challenge_for(server, Json::object()))));
}

std::string token_of(const WireReply& opened) {
  INFO(opened.body);
  REQUIRE(opened.status == 201);
  return field(json_of(opened.body), "token");
}

// The revocation certificate that gpg made with the key.
std::string revocation_certificate(const TwoKeys& user) {
  const std::string kept = read_file(user.home.path() + "/openpgp-revocs.d/" + user.key + ".rev");
  return kept.substr(kept.find(":-----BEGIN") + 1);
}

}  // namespace

TEST_CASE("a user goes over to another key with nothing but gpg and HTTP") {
  const Installation installation;
  TwoKeys user;
  installation.add_account("alice", user.certificate());
  const RunningServer server(installation);
  const std::string token = token_of(login(server, user, user.key));
  const std::string statement = user.open(challenge_for(server, to_rotate(user)));
  CHECK(line_of(statement, "new-key") == user.next);
  const std::string by_current = user.home.clearsign(user.key, statement);
  const std::string by_next = user.home.clearsign(user.next, statement);
  const std::string certificate = user.home.export_public(user.next);
  const std::string before = installation.dump();
  CHECK(server.post_text("/v1/rotation", by_current + certificate).status == 400);
  CHECK(server.post_text("/v1/rotation", by_current + by_current + certificate).status == 401);
  CHECK(server.post_text("/v1/rotation", by_next + by_current + certificate).status == 401);
  CHECK(server.post_text("/v1/rotation", by_current + by_next).status == 400);
  CHECK(server.post_text("/v1/rotation", by_current + by_next + user.certificate()).status == 401);
  CHECK(server.post_text("/v1/session", by_current).status == 401);
  CHECK(installation.dump() == before);
  SECTION("as text") {
    const WireReply rotated = server.post_text("/v1/rotation", by_current + "\n" + by_next + "\n" + certificate);
    INFO(rotated.body);
    REQUIRE(rotated.status == 200);
    CHECK(field(json_of(rotated.body), "fingerprint") == user.next);
  }
  SECTION("as JSON") {
    const WireReply rotated = server.post_json(
        "/v1/rotation",
        Json::object().set("response", by_current).set("new_response", by_next).set("public_key", certificate));
    INFO(rotated.body);
    REQUIRE(rotated.status == 200);
  }
  CHECK(server.session_status(token) == 401);
  token_of(login(server, user, user.next));
  const Json account = installation.json({"account", "show", "alice"});
  CHECK(field(account, "fingerprint") == user.next);
  CHECK(field(account.find("former_keys")->items()->front(), "fingerprint") == user.key);
}

TEST_CASE("respond signs a rotation with both keys and only to the key that was meant") {
  const Installation installation;
  TwoKeys user;
  installation.add_account("alice", user.certificate());
  const RunningServer server(installation);
  const std::string challenge = challenge_for(server, to_rotate(user));
  const auto respond = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"respond", "--server", installation.server(), "--server-key",
                                          installation.fingerprint()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return installation.run(arguments, challenge, &user.home);
  };
  CHECK(respond({}).exit_code == 4);
  CHECK(respond({"--purpose", "rotate"}).exit_code == 2);
  CHECK(respond({"--purpose", "login", "--new-key", user.next}).exit_code == 2);
  CHECK(respond({"--purpose", "rotate", "--new-key", user.key}).exit_code == 4);
  const ProgramRun signed_response = respond({"--purpose", "rotate", "--new-key", user.next});
  INFO(signed_response.error);
  REQUIRE(signed_response.exit_code == 0);
  CHECK(server.post_text("/v1/rotation", signed_response.output).status == 200);
}

TEST_CASE("a rotation and a revocation travel by stick") {
  const Installation installation;
  TwoKeys user;
  installation.add_account("alice", user.certificate());
  const fs::path stick = installation.folder() / "stick";
  fs::create_directory(stick);
  write_file(installation.folder() / "next.asc", user.home.export_public(user.next));
  const std::string known[] = {installation.server(), installation.fingerprint()};
  const auto sign = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"courier", "sign",         stick.string(), "--server",
                                          known[0],  "--server-key", known[1]};
    arguments.insert(arguments.end(), more.begin(), more.end());
    installation.must(arguments, "", &user.home);
  };
  const auto imported = [&] {
    const Json report = installation.json({"courier", "import", stick.string()});
    REQUIRE(report.find("files")->items()->size() == 1);
    return field(report.find("files")->items()->front(), "settlement");
  };
  installation.must({"courier", "export", "alice", "--to", stick.string(), "--purpose", "rotate", "--new-public-key",
                     (installation.folder() / "next.asc").string()});
  sign({"--purpose", "rotate", "--new-key", user.next});
  const auto response = files_beneath(stick / "inbox");
  REQUIRE(response.size() == 1);
  const std::string text = read_file(response.front());
  CHECK(imported() == "accepted");
  CHECK(field(installation.json({"account", "show", "alice"}), "fingerprint") == user.next);
  const std::string once = installation.dump();
  write_file(response.front(), text);
  CHECK(imported() == "accepted");
  CHECK(installation.dump() == once);

  installation.must(
      {"courier", "export", "alice", "--to", stick.string(), "--purpose", "revoke", "--reason", "key_compromised"});
  sign({"--purpose", "revoke"});
  CHECK(imported() == "accepted");
  CHECK(field(installation.json({"account", "show", "alice"}), "state") == "revoked");
}

TEST_CASE("S38 a user revokes over HTTP by a statement or by the certificate that gpg made with the key") {
  const Installation installation;
  TwoKeys user;
  installation.add_account("alice", user.certificate());
  const RunningServer server(installation);
  const std::string token = token_of(login(server, user, user.key));
  const std::string before = installation.dump();
  // Whoever asks wrongly learns nothing, and nothing changes.
  CHECK(server.post_json("/v1/challenge", Json(to_revoke("because")).set("username", "alice")).status == 400);
  const auto by_certificate = [&](const std::string& username, const std::string& certificate) {
    return server.post_json("/v1/revocation",
                            Json::object().set("username", username).set("revocation_certificate", certificate));
  };
  GnupgUser mallory("Mallory");
  const std::string kept = read_file(mallory.home.path() + "/openpgp-revocs.d/" + mallory.key + ".rev");
  const std::string foreign = kept.substr(kept.find(":-----BEGIN") + 1);
  const WireReply refused = by_certificate("alice", foreign);
  CHECK(refused.status == 401);
  const WireReply unknown = by_certificate("nobody", foreign);
  CHECK(unknown.status == 401);
  CHECK(unknown.body == refused.body);
  CHECK(by_certificate("alice", user.certificate()).status == 400);
  CHECK(by_certificate("alice", "").status == 400);
  CHECK(server.session_status(token) == 200);
  WireReply revoked;
  SECTION("a statement") {
    const std::string response = user.answer(challenge_for(server, to_revoke("key_retired")));
    CHECK(server.post_text("/v1/session", response).status == 401);
    revoked = server.post_text("/v1/revocation", response);
    CHECK(server.post_text("/v1/revocation", response).status == 401);
  }
  SECTION("a certificate as JSON") {
    revoked = by_certificate("alice", revocation_certificate(user));
  }
  SECTION("a certificate as curl sends a form") {
    const auto run = run_program(
        {"curl", "-sS", "-o", (installation.folder() / "answer").string(), "-w", "%{http_code}",
         server.url() + "/v1/revocation", "-d", "username=alice", "--data-urlencode", "revocation_certificate@-"},
        revocation_certificate(user));
    REQUIRE(run.output == "200");
    revoked.status = 200;
    revoked.body = read_file(installation.folder() / "answer");
  }
  INFO(revoked.body);
  REQUIRE(revoked.status == 200);
  CHECK(field(json_of(revoked.body), "fingerprint") == user.key);
  CHECK(server.session_status(token) == 401);
  CHECK(field(installation.json({"account", "show", "alice"}), "state") == "revoked");
  CHECK(installation.dump() != before);
  // What a stranger sees has not changed: a challenge, which opens for nobody.
  CHECK(user.home.decrypt(challenge_for(server, Json::object())).exit_code != 0);
}

TEST_CASE("S37 an administrator revokes takes back rotates and deletes beside a running server") {
  const Installation installation;
  TwoKeys user;
  installation.add_account("alice", user.certificate());
  const RunningServer server(installation);
  const std::string next = (installation.folder() / "next.asc").string();
  write_file(next, user.home.export_public(user.next));
  std::string token = token_of(login(server, user, user.key));
  CHECK(installation.run({"revoke", "alice", "--reason", "because"}).exit_code == 2);
  CHECK(installation.run({"revoke", "alice"}).exit_code == 2);
  CHECK(installation.run({"revoke", "nobody", "--reason", "unspecified"}).exit_code == 3);
  CHECK(server.session_status(token) == 200);
  installation.must({"revoke", "alice", "--reason", "key_compromised", "--note", "laptop stolen"});
  CHECK(server.session_status(token) == 401);
  CHECK(installation.run({"rotate", "alice", "--public-key", next}).exit_code == 4);
  CHECK(installation.run({"account", "restore", "alice", "--public-key", next}).exit_code == 2);  // nobody to ask
  installation.must({"account", "restore", "alice", "--public-key", next, "--yes"});
  CHECK(installation.run({"account", "restore", "alice", "--yes"}).exit_code == 5);
  token = token_of(login(server, user, user.next));
  CHECK(installation.run({"rotate", "alice", "--public-key", next}).exit_code == 5);
  const std::string list = (installation.folder() / "revocations.asc").string();
  installation.must({"revocation", "export", list});
  CHECK(field(installation.json({"revocation", "apply", list}), "new") == "0");
  installation.must({"account", "delete", "alice", "--yes"});
  CHECK(server.session_status(token) == 401);
  CHECK(installation.run({"account", "delete", "server", "--yes"}).exit_code == 5);
  // It is older than what is remembered, and nothing of that is missing here.
  CHECK(field(installation.json({"revocation", "apply", list}), "new") == "0");
  CHECK(field(installation.json({"audit", "verify"}), "intact") == "true");
}
