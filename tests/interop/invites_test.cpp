// Invites, with the real program: made by an administrator, joined by people with keys of their own, and everything by
// which one opens nothing.
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// A server whose registration is as it says.
struct Place {
  explicit Place(const std::string& registration = "invite", const std::string& storage = "sqlite")
      : installation(storage) {
    installation.set("registration", registration);
    start();
  }
  void start() { server = std::make_unique<RunningServer>(installation); }
  void stop() {
    REQUIRE(server->stop(SIGTERM) == 0);
    server.reset();
  }
  // The invite's line, from --json, with its id.
  Json make(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"invite", "new", "--url", server->url()});
    return installation.json(std::move(arguments));
  }
  std::string state_of(const Json& made) const {
    return field(installation.json({"invite", "show", field(made, "invite").substr(0, 8)}), "state");
  }
  std::size_t accounts() const { return installation.json({"account", "list"}).find("accounts")->items()->size(); }

  Installation installation;
  std::unique_ptr<RunningServer> server;
};

// Somebody at a machine of their own.
struct Guest {
  explicit Guest(const std::string& name, const std::string& algorithm = "ed25519") : gnupg(name, algorithm) {}
  std::vector<std::string> environment() const {
    return {"XDG_CONFIG_HOME=" + (folder.path() / "config").string(),
            "XDG_DATA_HOME=" + (folder.path() / "data").string(), "GNUPGHOME=" + gnupg.home.path(), "LC_ALL=C.UTF-8"};
  }
  ProgramRun run(std::vector<std::string> arguments, std::string_view input = {}) const {
    arguments.insert(arguments.begin(), COUNTERSIGN_PROGRAM);
    return run_program(arguments, input, environment());
  }
  ProgramRun join(const Json& made, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"join", "-"});
    return run(std::move(more), field(made, "text") + "\n");
  }
  std::string whoami(const Place& place) const {
    const ProgramRun run_of = run({"whoami", place.server->url(), "--json"});
    INFO(run_of.error);
    return run_of.exit_code == 0 ? field(json_of(run_of.output), "username") : "nobody";
  }
  std::string known() const {
    const fs::path file = folder.path() / "config" / "countersign" / "known_servers";
    return fs::exists(file) ? read_file(file) : "";
  }

  GnupgUser gnupg;
  ScratchFolder folder;
};

Json changed(const Json& made, const std::string& member, const Json& value) {
  Json line = json_of(field(made, "text"));
  line.set(member, value);
  return Json(made).set("text", write_json(line));
}

Json request_of(const std::string& username, const std::string& certificate, const std::string& secret) {
  Json request = Json::object().set("username", username).set("purpose", "enrol").set("public_key", certificate);
  if (!secret.empty()) request.set("invite", secret);
  return request;
}

std::string secret_in(const Json& made) {
  return field(json_of(field(made, "text")), "invite");
}

bool says(const ProgramRun& run, const std::string& what) {
  return unwrapped(run.error).find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an invite that is carried as a file pins the server, enrols the key and logs in") {
  Place place;
  const fs::path file = place.installation.folder() / "bob.invite";
  place.installation.must(
      {"invite", "new", "bob", "--groups", "staff, ops", "--url", place.server->url(), "--to", file.string()});
  CHECK((fs::status(file).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
  const Json line = json_of(read_file(file));
  CHECK(field(line, "server") == kServerName);
  CHECK(field(line, "server_key") == place.installation.fingerprint());
  CHECK(field(line, "username") == "bob");
  const Guest bob("Bob <bob@example.org>");
  const ProgramRun joined = bob.run({"join", file.string()});
  INFO(joined.error);
  REQUIRE(joined.exit_code == 0);
  CHECK(says(joined, "You sign this statement"));
  CHECK(joined.output.find("cs_") == std::string::npos);
  CHECK(bob.whoami(place) == "bob");
  CHECK(bob.known().find(place.installation.fingerprint() + " " + place.server->url()) != std::string::npos);
  const Json shown = place.installation.json({"account", "show", "bob"});
  CHECK(write_json(*shown.find("groups")) == "[\"staff\",\"ops\"]");
  CHECK(field(shown, "fingerprint") == bob.gnupg.key);
  const Json list = place.installation.json({"invite", "list"});
  REQUIRE(list.find("invites")->items()->size() == 1);
  CHECK(field(list.find("invites")->items()->front(), "state") == "used");
  CHECK(field(list.find("invites")->items()->front(), "account") == field(shown, "account"));
  // A file that is there is kept.
  CHECK(place.installation.run({"invite", "new", "--url", place.server->url(), "--to", file.string()}).exit_code != 0);
  CHECK(place.installation.json({"invite", "list"}).find("invites")->items()->size() == 1);
}

TEST_CASE("an invite without a name is joined under the one that its bearer chooses, from stdin and from Windows") {
  Place place;
  const ProgramRun made = place.installation.run({"invite", "new", "--url", place.server->url()});
  REQUIRE(made.exit_code == 0);
  const Guest carol("Carol");
  CHECK(carol.run({"join", "-"}, made.output).exit_code == 2);
  // As PowerShell writes it: UTF-16 with a mark, and CR LF.
  std::string windows = "\xff\xfe";
  for (const char c : made.output) {
    if (c == '\n') windows += std::string("\r\0", 2);
    windows += std::string(1, c) + std::string(1, '\0');
  }
  const ProgramRun joined = carol.run({"join", "-", "--user", "carol", "--json"}, windows);
  INFO(joined.error);
  REQUIRE(joined.exit_code == 0);
  CHECK(field(json_of(joined.output), "username") == "carol");
  CHECK(json_of(joined.output).find("token") == nullptr);
  CHECK(carol.whoami(place) == "carol");
}

TEST_CASE("S84 an invite that is joined twice, one after the other and both at once, lets one in") {
  Place place;
  const Json first = place.make({});
  const Guest bob("Bob");
  const Guest mallory("Mallory");
  REQUIRE(bob.join(first, {"--user", "bob"}).exit_code == 0);
  const ProgramRun second = mallory.join(first, {"--user", "mallory"});
  CHECK(second.exit_code == 4);
  CHECK(says(second, "Done already: https://auth.example.org is known by its key"));
  CHECK(place.accounts() == 1);
  const Json contested = place.make({});
  const Guest one("One");
  const Guest two("Two");
  int codes[2] = {-1, -1};
  std::thread at_once([&] { codes[0] = one.join(contested, {"--user", "one"}).exit_code; });
  codes[1] = two.join(contested, {"--user", "two"}).exit_code;
  at_once.join();
  CHECK(((codes[0] == 0 && codes[1] == 4) || (codes[0] == 4 && codes[1] == 0)));
  CHECK(place.accounts() == 2);
}

TEST_CASE("whoever joined already and runs it again is logged in") {
  Place place;
  const Json made = place.make({"bob"});
  const Guest bob("Bob");
  REQUIRE(bob.join(made).exit_code == 0);
  fs::remove_all(bob.folder.path() / "data");
  REQUIRE(bob.whoami(place) == "nobody");
  const ProgramRun again = bob.join(made);
  INFO(again.error);
  CHECK(again.exit_code == 0);
  CHECK(says(again, "You have the account already"));
  CHECK(bob.whoami(place) == "bob");
  CHECK(place.accounts() == 1);
}

TEST_CASE("a join that no server answers says what is done and that it goes on") {
  Place place;
  const Json made = place.make({"bob"});
  place.stop();
  const Guest bob("Bob");
  const ProgramRun run = bob.join(made);
  CHECK(run.exit_code == 7);
  CHECK(
      says(run, "Done already: https://auth.example.org is known by its key. Run it again, and it goes on from there"));
  CHECK(bob.known().find(place.installation.fingerprint()) != std::string::npos);
}

TEST_CASE("an invite that has expired is refused before anything is asked, and by the server too") {
  Place place;
  const Json made = place.make({"bob", "--for", "60s"});
  const Guest bob("Bob");
  const ProgramRun expired = bob.join(changed(made, "expires", "2020-01-01T00:00:00Z"));
  CHECK(expired.exit_code == 4);
  CHECK(says(expired, "[invite_expired]"));
  CHECK(bob.known().empty());
  // What the text says is not what counts.
  place.installation.must({"invite", "cancel", field(made, "invite")});
  CHECK(bob.join(changed(made, "expires", "2099-01-01T00:00:00Z")).exit_code == 4);
  const ProgramRun renewed = place.installation.run({"invite", "renew", field(made, "invite")});
  CHECK(renewed.exit_code == 4);
}

TEST_CASE("an invite that was cancelled opens nothing") {
  Place place;
  const Json made = place.make({"bob"});
  place.installation.must({"invite", "cancel", field(made, "invite").substr(0, 8)});
  CHECK(place.state_of(made) == "cancelled");
  const Guest bob("Bob");
  CHECK(bob.join(made).exit_code == 4);
  CHECK(place.accounts() == 0);
}

TEST_CASE("S87 what a thief has of an invite is gone, and whom it was for joins by the one in its place") {
  Place place;
  const Json made = place.make({"bob", "--groups", "staff"});
  const Guest thief("Thief");
  REQUIRE(thief.join(made).exit_code == 0);
  REQUIRE(thief.whoami(place) == "bob");
  const std::vector<std::string> stolen = {
      "invite", "stolen", field(made, "invite").substr(0, 8), "--url", place.server->url(), "--json"};
  // It deletes an account, so nobody does it by chance.
  CHECK(place.installation.run(stolen).exit_code == 2);
  auto meant = stolen;
  meant.emplace_back("--yes");
  const Json next = json_of(place.installation.must(meant));
  CHECK(place.state_of(made) == "stolen");
  CHECK(thief.whoami(place) == "nobody");
  CHECK(thief.run({"login", place.server->url(), "--user", "bob"}).exit_code != 0);
  CHECK(thief.join(made).exit_code != 0);
  const Guest bob("Bob");
  const ProgramRun joined = bob.join(next);
  INFO(joined.error);
  REQUIRE(joined.exit_code == 0);
  CHECK(bob.whoami(place) == "bob");
  CHECK(write_json(*place.installation.json({"account", "show", "bob"}).find("groups")) == "[\"staff\"]");
  CHECK(place.installation.run({"audit", "verify"}).exit_code == 0);
}

TEST_CASE("S86 an invite for one name is no other's") {
  Place place;
  const Json made = place.make({"bob"});
  const Guest mallory("Mallory");
  const ProgramRun other = mallory.join(made, {"--user", "mallory"});
  CHECK(other.exit_code == 4);
  CHECK(says(other, "it is for bob"));
  CHECK(mallory.join(changed(made, "username", "mallory")).exit_code == 4);
  CHECK(mallory.join(changed(made, "username", Json()), {"--user", "mallory"}).exit_code == 4);
  CHECK(place.accounts() == 0);
  CHECK(place.state_of(made) == "pending");
}

TEST_CASE("a name that somebody took meanwhile is told, and the invite is good for another name") {
  Place place;
  const Json made = place.make({});
  const Guest first("First");
  place.installation.add_account("bob", GnupgUser("Another").certificate());
  const ProgramRun taken = first.join(made, {"--user", "bob"});
  CHECK(taken.exit_code == 5);
  CHECK(place.state_of(made) == "pending");
  CHECK(first.join(made, {"--user", "bobby"}).exit_code == 0);
}

TEST_CASE("a key that the policy refuses joins nowhere and spends no invite") {
  Place place;
  const Json made = place.make({"bob"});
  Guest bob("Bob", "rsa1024");
  const ProgramRun weak = bob.join(made, {"--key", bob.gnupg.key});
  INFO(weak.error);
  CHECK(weak.exit_code == 2);
  CHECK(place.state_of(made) == "pending");
  const std::string strong = bob.gnupg.home.make_key("ed25519", "Bob anew");
  CHECK(bob.join(made, {"--key", strong}).exit_code == 0);
  CHECK(field(place.installation.json({"account", "show", "bob"}), "fingerprint") == strong);
}

TEST_CASE("S02 an invite changes no key and no address by which a server is known") {
  Place place;
  const Place other;
  const Json made = place.make({"bob"});
  const Json others = other.make({"bob"});
  const Guest bob("Bob");
  REQUIRE(bob.run({"server", "trust", kServerName, other.installation.fingerprint(), "--url", other.server->url()})
              .exit_code == 0);
  const std::string known = bob.known();
  const ProgramRun another_key = bob.join(made);
  CHECK(another_key.exit_code == 5);
  CHECK(says(another_key, "is known with another key"));
  CHECK(bob.known() == known);
  // The right key, at an address that is not the known one.
  const ProgramRun elsewhere = bob.join(changed(others, "url", place.server->url()));
  CHECK(elsewhere.exit_code != 0);
  CHECK(says(elsewhere, "[server_mismatch]"));
  CHECK(bob.known() == known);
  // Another server's invite here: the challenge is not signed by the key that the invite names.
  const Guest carol("Carol");
  const ProgramRun crossed = carol.join(changed(made, "server_key", other.installation.fingerprint()));
  CHECK(crossed.exit_code != 0);
  CHECK(place.state_of(made) == "pending");
  CHECK(place.accounts() == 0);
  // And a secret of another server's opens nothing.
  const Guest dave("Dave");
  CHECK(dave.join(changed(made, "invite", secret_in(others))).exit_code == 4);
  CHECK(bob.join(others).exit_code == 0);
}

TEST_CASE("what is no invite is refused with what it is") {
  const Place place;
  Guest bob("Bob");
  const auto told = [&](const std::string& text, const std::string& what) {
    const ProgramRun run = bob.run({"join", "-"}, text);
    INFO(run.error);
    CHECK(run.exit_code == 2);
    CHECK(says(run, what));
  };
  told("", "it is empty");
  told(bob.gnupg.certificate(), "it is a PGP PUBLIC KEY BLOCK");
  told("{\"server\":\"x\"}", "JSON of another kind");
  told("hello", "it is something else");
  CHECK(bob.known().empty());
  CHECK(bob.run({"join", "/nowhere/invite"}).exit_code == 3);
}

TEST_CASE("curl and gpg alone come in with an invite") {
  Place place;
  const Json made = place.make({"bob"});
  GnupgUser bob("Bob");
  const WireReply challenge =
      place.server->post_json("/v1/challenge", request_of("bob", bob.certificate(), secret_in(made)));
  INFO(challenge.body);
  REQUIRE(challenge.status == 200);
  const Json body = Json::object()
                        .set("response", bob.answer(challenge.body))
                        .set("public_key", bob.certificate())
                        .set("invite", secret_in(made));
  const WireReply added = place.server->post_json("/v1/accounts", body);
  INFO(added.body);
  REQUIRE(added.status == 201);
  CHECK(field(json_of(added.body), "username") == "bob");
  CHECK(place.server->post_json("/v1/accounts", body).status == 401);
  // A challenge that was asked for with an invite is worth nothing without it.
  const Json next = place.make({"carol"});
  GnupgUser carol("Carol");
  const WireReply asked =
      place.server->post_json("/v1/challenge", request_of("carol", carol.certificate(), secret_in(next)));
  REQUIRE(asked.status == 200);
  const std::string response = carol.answer(asked.body);
  CHECK(place.server->post_text("/v1/accounts", response + "\n" + carol.certificate()).status == 401);
  CHECK(place.accounts() == 1);
}

TEST_CASE("S11 every refusal of an invite is the same to a stranger, and the log has the reason") {
  Place place;
  GnupgUser bob("Bob");
  const Json used = place.make({"first"});
  REQUIRE(Guest("First").join(used).exit_code == 0);
  const Json cancelled = place.make({"bob"});
  place.installation.must({"invite", "cancel", field(cancelled, "invite")});
  const Json stolen = place.make({"bob"});
  place.installation.must({"invite", "stolen", field(stolen, "invite"), "--url", place.server->url()});
  const Json anothers = place.make({"carol"});
  struct Case {
    std::string secret;
    std::string code;
  };
  const std::vector<Case> cases = {{"", "registration_closed"},
                                   {"x", "invite_unknown"},
                                   {"ci_" + std::string(43, 'A'), "invite_unknown"},
                                   {secret_in(used), "invite_spent"},
                                   {secret_in(cancelled), "invite_cancelled"},
                                   {secret_in(stolen), "invite_cancelled"},
                                   {secret_in(anothers), "invite_for_another"}};
  std::string first;
  for (const Case& one : cases) {
    CAPTURE(one.code);
    const WireReply refused =
        place.server->post_json("/v1/challenge", request_of("bob", bob.certificate(), one.secret));
    CHECK(refused.status == 401);
    if (first.empty()) first = refused.body;
    CHECK(refused.body == first);
    CHECK(place.server->log().find(one.code) != std::string::npos);
    if (one.secret.size() > 1) CHECK(place.server->log().find(one.secret.substr(3)) == std::string::npos);
  }
  CHECK(place.server->post_json("/v1/challenge", request_of("bob", bob.certificate(), "x").set("invite", 1)).status ==
        400);
  CHECK(place.server
            ->post_json("/v1/challenge", Json::object().set("username", "first").set("invite", secret_in(anothers)))
            .status == 400);
}

TEST_CASE("where registration is closed an invite opens nothing, and whoever makes or joins one is told") {
  Place place("closed");
  const ProgramRun made = place.installation.run({"invite", "new", "bob", "--url", place.server->url(), "--json"});
  REQUIRE(made.exit_code == 0);
  CHECK(says(made, "registration = \"invite\""));
  const Json invite = json_of(made.output);
  const Guest bob("Bob");
  const ProgramRun refused = bob.join(invite);
  CHECK(refused.exit_code == 4);
  CHECK(says(refused, "[registration_closed]"));
  CHECK_FALSE(says(refused, "You sign this statement"));
  CHECK(place.server->post_json("/v1/challenge", request_of("bob", GnupgUser("B").certificate(), secret_in(invite)))
            .status == 401);
  place.installation.must({"invite", "show", field(invite, "invite")});
  // Once it is opened the same invite is good.
  place.stop();
  write_file(place.installation.data() / "countersign.toml", [&] {
    std::string text = read_file(place.installation.data() / "countersign.toml");
    const std::string closed = "registration = \"closed\"";
    return text.replace(text.find(closed), closed.size(), "registration = \"invite\"");
  }());
  place.start();
  CHECK(bob.join(changed(invite, "url", place.server->url())).exit_code != 0);  // it was known at another port
  const Guest same("Bob");
  CHECK(same.join(changed(invite, "url", place.server->url())).exit_code == 0);
}

TEST_CASE("S68 where registration is by invite, enrol says how to come in and the server says so too") {
  Place place;
  CHECK(field(json_of(place.server->get("/v1/server").body), "registration") == "invite");
  const Guest bob("Bob");
  REQUIRE(bob.run({"server", "trust", kServerName, place.installation.fingerprint(), "--url", place.server->url()})
              .exit_code == 0);
  const ProgramRun refused = bob.run({"enrol", place.server->url(), "--user", "bob"});
  CHECK(refused.exit_code == 4);
  CHECK(says(refused, "countersign invite new bob"));
  // A key that the server makes is by no invite.
  const Json made = place.make({"bob"});
  const Json managed = Json::object().set("username", "bob").set("password", "correct horse").set("managed", true);
  CHECK(place.server->post_json("/v1/accounts", managed).status == 401);
  CHECK(place.server->post_json("/v1/accounts", Json(managed).set("invite", secret_in(made))).status == 400);
}

TEST_CASE("where registration is open an invite gives its groups") {
  Place place("open");
  const Json made = place.make({"bob", "--groups", "staff"});
  CHECK(Guest("Bob").join(made).exit_code == 0);
  CHECK(write_json(*place.installation.json({"account", "show", "bob"}).find("groups")) == "[\"staff\"]");
}

TEST_CASE("an invite outlives a restart, also between its challenge and its response") {
  const std::string storage = GENERATE("sqlite", "directory");
  Place place("invite", storage);
  const Json made = place.make({"bob"});
  GnupgUser bob("Bob");
  const WireReply challenge =
      place.server->post_json("/v1/challenge", request_of("bob", bob.certificate(), secret_in(made)));
  REQUIRE(challenge.status == 200);
  place.stop();
  place.start();
  const Json body = Json::object()
                        .set("response", bob.answer(challenge.body))
                        .set("public_key", bob.certificate())
                        .set("invite", secret_in(made));
  CHECK(place.server->post_json("/v1/accounts", body).status == 201);
  CHECK(place.state_of(made) == "used");
}

TEST_CASE("S88 a restore between making and joining voids an invite") {
  Place place;
  const Json made = place.make({"bob"});
  const fs::path backup = place.installation.folder() / "backup";
  place.installation.must({"backup", backup.string()});
  const Guest bob("Bob");
  REQUIRE(bob.join(made).exit_code == 0);
  place.stop();
  place.installation.must({"restore", backup.string(), "--replace", "--yes"});
  place.start();
  CHECK(place.state_of(made) == "void");
  CHECK(place.accounts() == 0);
  const Guest mallory("Mallory");
  CHECK(mallory.join(changed(made, "url", place.server->url())).exit_code == 4);
  CHECK(place.installation.run({"invite", "renew", field(made, "invite"), "--for", "30d"}).exit_code == 4);
  CHECK(Guest("Bob").join(place.make({"bob"})).exit_code == 0);
}

TEST_CASE("S89 the secret of an invite is on no medium and in no log, answer or list") {
  const std::string storage = GENERATE("sqlite", "directory");
  Place place("invite", storage);
  const Json used = place.make({"bob", "--groups", "staff"});
  const Json pending = place.make({});
  REQUIRE(Guest("Bob").join(used).exit_code == 0);
  GnupgUser carol("Carol");
  place.server->post_json("/v1/challenge", request_of("server", carol.certificate(), secret_in(pending)));
  place.server->post_json("/v1/challenge",
                          request_of("carol", carol.certificate(), secret_in(pending)).set("more", "x"));
  std::string all = place.server->log();
  for (const std::vector<std::string>& told :
       {std::vector<std::string>{"invite", "list", "--json"},
        {"invite", "show", field(pending, "invite"), "--json"},
        {"audit", "list", "--json"},
        {"invite", "renew", field(pending, "invite"), "--for", "30d", "--json"}}) {
    const ProgramRun run = place.installation.run(told);
    CHECK(run.exit_code == 0);
    all += run.output + run.error;
  }
  place.stop();
  for (const fs::path& file : files_beneath(place.installation.data())) all += read_file(file);
  for (const Json& made : {used, pending}) {
    const std::string secret = secret_in(made).substr(3);
    CHECK(all.find(secret) == std::string::npos);
    CHECK(all.find(to_string(ByteView(from_base64url(secret).value()))) == std::string::npos);
    CHECK(all.find(hex(from_base64url(secret).value())) == std::string::npos);
    CHECK(all.find(field(made, "invite")) != std::string::npos);
  }
}
