// How a key becomes an account's: over HTTP where registration is open, by stick and an administrator, and what is
// refused.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

std::unique_ptr<Installation> open_installation() {
  auto installation = std::make_unique<Installation>();
  // Above the tables of the file, where its own comment stands.
  const fs::path file = installation->data() / "countersign.toml";
  write_file(file, "registration = \"open\"\n" + read_file(file));
  return installation;
}

Json enrol_request(const std::string& username, const std::string& certificate) {
  return Json::object().set("username", username).set("purpose", "enrol").set("public_key", certificate);
}

// The clear-signed answer to an enrolment challenge.
std::string enrol_response(const RunningServer& server, GnupgUser& person, const std::string& username) {
  const WireReply challenge = server.post_json("/v1/challenge", enrol_request(username, person.certificate()));
  INFO(challenge.body);
  REQUIRE(challenge.status == 200);
  const std::string statement = person.open(challenge.body);
  CHECK(line_of(statement, "purpose") == "enrol");
  CHECK(line_of(statement, "username") == username);
  return person.home.clearsign(person.key, statement);
}

int login_status(const RunningServer& server, GnupgUser& person, const std::string& username) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=" + username);
  REQUIRE(challenge.status == 200);
  return server.post_text("/v1/session", person.answer(challenge.body)).status;
}

std::string detail_of(const WireReply& refused) {
  const Json problem = json_of(refused.body);
  const Json* detail = problem.find("detail");
  return detail != nullptr && detail->string() != nullptr ? *detail->string() : "";
}

void put_into_inbox(const fs::path& stick, const std::string& name, std::string_view text) {
  fs::create_directories(stick / "inbox");
  write_file(stick / "inbox" / name, text);
}

}  // namespace

TEST_CASE("a key enrols over HTTP where registration is open") {
  const auto installation = open_installation();
  const RunningServer server(*installation);
  GnupgUser alice("Alice");
  const std::string response = enrol_response(server, alice, "alice");
  SECTION("as text with the certificate behind it") {
    const WireReply added = server.post_text("/v1/accounts", response + "\n" + alice.certificate());
    INFO(added.body);
    REQUIRE(added.status == 201);
    CHECK(field(json_of(added.body), "username") == "alice");
    CHECK(field(json_of(added.body), "fingerprint") == alice.key);
  }
  SECTION("as JSON") {
    const WireReply added = server.post_json(
        "/v1/accounts", Json::object().set("response", response).set("public_key", alice.certificate()));
    INFO(added.body);
    REQUIRE(added.status == 201);
  }
  SECTION("as curl sends a file with no type given") {
    const WireReply added = server.post_form("/v1/accounts", response + "\n" + alice.certificate());
    INFO(added.body);
    REQUIRE(added.status == 201);
  }
  CHECK(login_status(server, alice, "alice") == 201);
  const WireReply again = server.post_text("/v1/accounts", response + "\n" + alice.certificate());
  CHECK(again.status == 401);
  CHECK(installation->json({"account", "list"}).find("accounts")->items()->size() == 1);
}

TEST_CASE("S68 registration is closed unless the settings open it") {
  const Installation installation;
  const RunningServer server(installation);
  GnupgUser alice("Alice");
  CHECK(field(json_of(server.get("/v1/server").body), "registration") == "closed");
  const WireReply challenge = server.post_json("/v1/challenge", enrol_request("alice", alice.certificate()));
  CHECK(challenge.status == 401);

  // Nor does a challenge from before the door was shut.
  const auto open = open_installation();
  std::string response;
  {
    const RunningServer before(*open);
    response = enrol_response(before, alice, "alice");
  }
  const RunningServer after(*open, {}, {"COUNTERSIGN_REGISTRATION=closed"});
  const WireReply added = after.post_text("/v1/accounts", response + "\n" + alice.certificate());
  CHECK(added.status == 401);
  CHECK(added.body == challenge.body);
  CHECK(open->json({"account", "list"}).find("accounts")->items()->empty());
}

TEST_CASE("one name is one account's and one key is one account's") {
  const auto installation = open_installation();
  const RunningServer server(*installation);
  GnupgUser alice("Alice");
  GnupgUser other("Other");
  const std::string first = enrol_response(server, alice, "alice");
  const std::string second = enrol_response(server, other, "alice");
  const std::string third = enrol_response(server, alice, "also-alice");
  REQUIRE(server.post_text("/v1/accounts", first + alice.certificate()).status == 201);
  // Both proved a key, so they may be told.
  CHECK(server.post_text("/v1/accounts", second + other.certificate()).status == 409);
  CHECK(server.post_text("/v1/accounts", third + alice.certificate()).status == 409);
  CHECK(login_status(server, alice, "alice") == 201);
  CHECK(installation->json({"account", "list"}).find("accounts")->items()->size() == 1);
}

TEST_CASE("an enrolment is bound to the key and the name that it was for") {
  const auto installation = open_installation();
  const RunningServer server(*installation);
  GnupgUser alice("Alice");
  GnupgUser mallory("Mallory");
  const std::string response = enrol_response(server, alice, "alice");
  CHECK(server.post_text("/v1/accounts", response + mallory.certificate()).status == 401);
  const std::string statement =
      alice.open(server.post_json("/v1/challenge", enrol_request("alice", alice.certificate())).body);
  // By another key over the very statement.
  CHECK(server.post_text("/v1/accounts", mallory.home.clearsign(mallory.key, statement) + alice.certificate()).status ==
        401);
  CHECK(server.post_text("/v1/session", response).status == 401);
  CHECK(server.post_text("/v1/accounts", response).status == 400);
  CHECK(installation->json({"account", "list"}).find("accounts")->items()->empty());
  CHECK(server.post_text("/v1/accounts", response + alice.certificate()).status == 201);
}

TEST_CASE("the server's own key becomes nobody's account") {
  const Installation installation;
  const ScratchFolder stick;
  installation.must({"courier", "export", "--to", stick.path().string(),
                     installation.add_account("alice", GnupgUser("Alice").certificate())});
  const fs::path own = stick.path() / "outbox" / transport::courier::server_file(kServerName);
  const ProgramRun added = installation.run({"account", "add", "carol", "--public-key", own.string()});
  INFO(added.error);
  CHECK(added.exit_code == 5);
  CHECK(added.error.find("the server's own") != std::string::npos);
  put_into_inbox(stick.path(), "own.enrol.asc", read_file(own));
  installation.run({"courier", "import", stick.path().string()});
  CHECK(installation.run({"account", "confirm", installation.fingerprint(), "--user", "carol"}).exit_code == 5);
  CHECK(installation.json({"account", "list"}).find("accounts")->items()->size() == 1);
}

TEST_CASE("a username outside the profile is refused where it would become an account") {
  const auto installation = open_installation();
  const RunningServer server(*installation);
  GnupgUser alice("Alice");
  for (const std::string& name :
       std::vector<std::string>{"Alice", " alice", "alice ", "", "server", std::string(129, 'a'), std::string(64, 'a'),
                                "a\tb", "a\x1b[31mb", "al\u202eice", "e\u0301"}) {
    INFO(name);
    const WireReply refused = server.post_json("/v1/challenge", enrol_request(name, alice.certificate()));
    CHECK((refused.status == 400 || refused.status == 409));
    const ProgramRun added = installation->run({"account", "add", name, "--public-key", "-"}, alice.certificate());
    CHECK((added.exit_code == 2 || added.exit_code == 5));
    CHECK(added.error.find('\x1b') == std::string::npos);
  }
  CHECK(installation->json({"account", "list"}).find("accounts")->items()->empty());
  // The client says what the server says.
  installation->must({"server", "trust", kServerName, installation->fingerprint(), "--url", server.url()}, {},
                     &alice.home);
  const ProgramRun told = installation->run({"enrol", server.url(), "--user", "Alice"}, {}, &alice.home);
  CHECK(told.exit_code == 2);
  CHECK(unwrapped(told.error).find("a new username has no upper-case letters A to Z") != std::string::npos);
}

TEST_CASE("a certificate that may not be enrolled is refused with its reason") {
  const auto installation = open_installation();
  const RunningServer server(*installation);
  GnupgUser good("Good");
  GnupgHome home;
  struct Case {
    const char* what;
    std::string certificate;
    std::vector<std::string> said;  // one of them
  };
  std::vector<Case> cases;

  home.set_time("20260101T000000");
  const std::string expired = home.make_key("ed25519", "Expired", "2d");
  home.set_time("");
  cases.push_back({"expired", home.export_public(expired), {"expired"}});
  const std::string revoked = home.make_key("ed25519", "Revoked");
  home.revoke(revoked);
  cases.push_back({"revoked", home.export_public(revoked), {"revoked"}});
  cases.push_back({"DSA", home.export_public(home.make_key("dsa2048", "Dsa")), {"dsa2048 is not accepted"}});
  cases.push_back({"RSA 1024", home.export_public(home.make_key("rsa1024", "Small")), {"1024", "2048"}});
  home.must({"--cert-digest-algo", "SHA1", "--quick-generate-key", "Sha", "ed25519", "sign,cert", "none"});
  const std::string weak = home.fingerprints("=Sha").at(0);
  home.must({"--cert-digest-algo", "SHA1", "--quick-add-key", weak, "cv25519", "encr", "none"});
  cases.push_back({"SHA-1", home.export_public(weak), {"no valid self-signature with SHA-256 or better"}});
  cases.push_back(
      {"no encryption key", home.export_public(home.make_primary("ed25519", "Alone", "sign,cert")), {"encrypt"}});
  const std::string mute = home.make_primary("ed25519", "Mute", "cert");
  home.add_subkey(mute, "cv25519", "encr");
  cases.push_back({"no signing key", home.export_public(mute), {"sign"}});
  cases.push_back({"a secret key", good.home.export_secret(good.key), {"SECRET"}});
  cases.push_back({"two certificates", home.export_public(revoked) + good.certificate(), {"after the block"}});
  home.import(good.certificate());
  cases.push_back(
      {"two in one armor", home.must({"--armor", "--export", expired, good.key}), {"one", "second", "two"}});
  cases.push_back({"no certificate", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnot base64\n", {""}});

  for (const Case& one : cases) {
    INFO(one.what);
    const WireReply refused = server.post_json("/v1/challenge", enrol_request("name", one.certificate));
    const ProgramRun added = installation->run({"account", "add", "name", "--public-key", "-"}, one.certificate);
    INFO(refused.body << added.error);
    CHECK(refused.status == 400);
    CHECK((added.exit_code == 2 || added.exit_code == 4));
    bool http_said = false;
    bool command_said = false;
    for (const std::string& word : one.said) {
      http_said = http_said || detail_of(refused).find(word) != std::string::npos;
      command_said = command_said || added.error.find(word) != std::string::npos;
    }
    CHECK(http_said);
    CHECK(command_said);
  }
  CHECK(installation->json({"account", "list"}).find("accounts")->items()->empty());
}

TEST_CASE("what the refusal of a SHA-1 certificate advises makes it acceptable") {
  const Installation installation;
  GnupgHome home;
  home.must({"--cert-digest-algo", "SHA1", "--quick-generate-key", "Sha", "ed25519", "sign,cert", "none"});
  const std::string key = home.fingerprints("=Sha").at(0);
  // An old subkey is a second thing to mend, and the second refusal says how.
  const std::string subkey_digest = GENERATE("SHA256", "SHA1");
  home.must({"--cert-digest-algo", subkey_digest, "--quick-add-key", key, "cv25519", "encr", "none"});
  const int advices = subkey_digest == "SHA1" ? 2 : 1;
  for (int i = 0; i < advices; ++i) {
    const ProgramRun refused =
        installation.run({"account", "add", "sha", "--public-key", "-"}, home.export_public(key));
    INFO(refused.error);
    REQUIRE(refused.exit_code == 2);
    const auto begin = refused.error.find("gpg --");
    const auto end = refused.error.find('`', begin);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    std::string command = refused.error.substr(begin + 4, end - begin - 4);
    command.replace(command.find("FINGERPRINT"), 11, key);
    const ProgramRun done = run_program({"sh", "-c", "gpg --batch --pinentry-mode loopback --passphrase '' " + command},
                                        {}, {"GNUPGHOME=" + home.path()});
    INFO(done.error);
    REQUIRE(done.exit_code == 0);
  }
  installation.add_account("sha", home.export_public(key));
}

TEST_CASE("a certificate on a stick is held until an administrator confirms its fingerprint") {
  const Installation installation;
  GnupgUser alice("Alice <alice@example.org>");
  const ScratchFolder stick;
  put_into_inbox(stick.path(), "new.enrol.asc", alice.certificate());
  installation.must({"courier", "import", stick.path().string()});
  Json list = installation.json({"account", "list"});
  CHECK(list.find("accounts")->items()->empty());
  REQUIRE(list.find("held")->items()->size() == 1);
  CHECK(field(list.find("held")->items()->front(), "fingerprint") == alice.key);

  const std::string other(40, 'A');
  CHECK(installation.run({"account", "confirm", other, "--user", "alice"}).exit_code == 3);
  CHECK(installation.run({"account", "confirm", alice.key.substr(24), "--user", "alice"}).exit_code == 2);
  installation.must({"account", "confirm", alice.key, "--user", "alice"});
  list = installation.json({"account", "list"});
  CHECK(list.find("accounts")->items()->size() == 1);
  CHECK(list.find("held")->items()->empty());
  CHECK(installation.run({"account", "confirm", alice.key, "--user", "alice"}).exit_code == 3);

  // Twice is once: the key is an account's, and nothing is held again.
  put_into_inbox(stick.path(), "again.enrol.asc", alice.certificate());
  installation.must({"courier", "import", stick.path().string()});
  CHECK(installation.json({"account", "list"}).find("held")->items()->empty());
  const RunningServer server(installation);
  CHECK(login_status(server, alice, "alice") == 201);
}

TEST_CASE("an enrolment signed for a name is held and confirmed under that name alone") {
  const Installation installation;
  GnupgUser alice("Alice");
  const ScratchFolder stick;
  const std::string challenge =
      installation.must({"challenge", "alice", "--purpose", "enrol", "--public-key", "-"}, alice.certificate());
  put_into_inbox(stick.path(), "alice.enrol.asc", alice.answer(challenge) + alice.certificate());
  installation.must({"courier", "import", stick.path().string()});
  const Json list = installation.json({"account", "list"});
  REQUIRE(list.find("held")->items()->size() == 1);
  CHECK(field(list.find("held")->items()->front(), "username") == "alice");
  CHECK(installation.run({"account", "confirm", alice.key, "--user", "mallory"}).exit_code == 5);
  installation.must({"account", "confirm", alice.key, "--user", "alice", "--show-key-id"});
  CHECK(*installation.json({"account", "show", "alice"}).find("show_key_id")->boolean());
  const RunningServer server(installation);
  CHECK(login_status(server, alice, "alice") == 201);
}

TEST_CASE("what a stick brings and may not be enrolled is refused with no more than its face") {
  const Installation installation;
  GnupgUser alice("Alice");
  const ScratchFolder stick;
  put_into_inbox(stick.path(), "secret.enrol.asc", alice.home.export_secret(alice.key));
  alice.home.revoke(alice.key);
  put_into_inbox(stick.path(), "revoked.enrol.asc", alice.certificate());
  const ProgramRun imported = installation.run({"courier", "import", stick.path().string()});
  CHECK(imported.exit_code != 0);
  CHECK(read_file(stick.path() / "outbox" / "secret.refused.txt") == "malformed\n");
  // The one is copied nowhere, the other is settled.
  CHECK(fs::exists(stick.path() / "inbox" / "secret.enrol.asc"));
  CHECK_FALSE(fs::exists(stick.path() / "inbox" / "done" / "secret.enrol.asc"));
  CHECK(fs::exists(stick.path() / "outbox" / "revoked.refused.txt"));
  CHECK(installation.json({"account", "list"}).find("held")->items()->empty());
}
