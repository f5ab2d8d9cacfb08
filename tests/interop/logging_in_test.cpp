// The shortest logins, restarts, several servers on one store, and commands beside a running server.
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// What the user types, through the shell, with their GnuPG. The agent of a test home asks nobody for a passphrase.
ProgramRun in_shell(const Installation& installation, const GnupgUser& person, const std::string& line) {
  auto environment = installation.environment(&person.home);
  environment.push_back("PATH=" + fs::path(COUNTERSIGN_PROGRAM).parent_path().string() + ":" + std::getenv("PATH"));
  return run_program({"sh", "-c", line}, {}, environment);
}

std::string challenge_of(const RunningServer& server, const std::string& username) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=" + username);
  REQUIRE(challenge.status == 200);
  return challenge.body;
}

std::string token_of(const WireReply& opened) {
  INFO(opened.body);
  REQUIRE(opened.status == 201);
  return field(json_of(opened.body), "token");
}

std::string log_in(const RunningServer& server, GnupgUser& person, const std::string& username) {
  return token_of(server.post_text("/v1/session", person.answer(challenge_of(server, username))));
}

struct World {
  explicit World(const std::string& storage = "sqlite") : installation(storage) {
    installation.add_account("alice", alice.certificate());
  }
  Installation installation;
  GnupgUser alice{"Alice"};
};

std::size_t decisions(const Installation& installation, std::string_view decision) {
  const Json audit = installation.json({"audit", "list", "--limit", "1000"});
  std::size_t count = 0;
  for (const Json& record : *audit.find("records")->items()) count += field(record, "decision") == decision ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("curl and gpg log in with one line") {
  World world;
  const RunningServer server(world.installation);
  const ProgramRun done = in_shell(world.installation, world.alice,
                                   "curl -fsS " + server.url() +
                                       "/v1/challenge -d username=alice | gpg -qd | gpg --clearsign | curl -fsS " +
                                       server.url() + "/v1/session --data-binary @-");
  INFO(done.error);
  REQUIRE(done.exit_code == 0);
  CHECK(server.session_status(field(json_of(done.output), "token")) == 200);
}

TEST_CASE("gpg alone answers a challenge on a stick with one line") {
  World world;
  const ScratchFolder stick;
  world.installation.must({"courier", "export", "alice", "--to", stick.path().string()});
  const ProgramRun done =
      in_shell(world.installation, world.alice,
               "cd " + stick.path().string() +
                   "/outbox && for NAME in *.challenge.asc; do NAME=${NAME%.challenge.asc}; "
                   "gpg -d $NAME.challenge.asc | gpg --clearsign > ../inbox/$NAME.response.asc; done");
  INFO(done.error);
  REQUIRE(done.exit_code == 0);
  world.installation.must({"courier", "import", stick.path().string()});
  const std::string opened = world.installation.must({"courier", "open", stick.path().string(), "--server", kServerName,
                                                      "--server-key", world.installation.fingerprint()},
                                                     {}, &world.alice.home);
  const RunningServer server(world.installation);
  CHECK(server.session_status(opened.substr(0, opened.find('\n'))) == 200);
}

TEST_CASE("the filter between two curls checks the server and logs in") {
  World world;
  const RunningServer server(world.installation);
  const auto line = [&](const std::string& name, const std::string& key) {
    return "set -e; curl -fsS " + server.url() + "/v1/challenge -d username=alice | countersign respond --server " +
           name + " --server-key " + key + " | curl -fsS " + server.url() + "/v1/session --data-binary @-";
  };
  const ProgramRun done =
      in_shell(world.installation, world.alice, line(kServerName, world.installation.fingerprint()));
  INFO(done.error);
  REQUIRE(done.exit_code == 0);
  CHECK(server.session_status(field(json_of(done.output), "token")) == 200);

  SECTION("a server of another name gets nothing signed") {
    const ProgramRun refused =
        in_shell(world.installation, world.alice, line("https://bank.example.org", world.installation.fingerprint()));
    CHECK(refused.exit_code != 0);
    CHECK(refused.output.empty());
    CHECK(unwrapped(refused.error).find("https://bank.example.org was meant") != std::string::npos);
  }
  SECTION("a server with another key gets nothing signed") {
    const ProgramRun refused = in_shell(world.installation, world.alice, line(kServerName, world.alice.key));
    CHECK(refused.exit_code != 0);
    CHECK(refused.output.empty());
    CHECK(refused.error.find(world.installation.fingerprint()) != std::string::npos);
  }
  CHECK(world.installation.sessions_of("alice") == 1);
}

TEST_CASE("login asks for an unknown server's fingerprint and then logs in by the trusted one") {
  World world;
  const RunningServer server(world.installation);
  const ProgramRun unknown = world.installation.run({"login", server.url(), "--user", "alice"}, {}, &world.alice.home);
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.output.empty());
  // The command that it prints, typed as it stands.
  const auto begin = unknown.error.find("countersign server trust ");
  REQUIRE(begin != std::string::npos);
  const std::string command = unknown.error.substr(begin, unknown.error.find('\n', begin) - begin);
  CHECK(command.find(world.installation.fingerprint()) != std::string::npos);
  REQUIRE(in_shell(world.installation, world.alice, command).exit_code == 0);
  const std::string token = world.installation.must({"login", server.url(), "--user", "alice"}, {}, &world.alice.home);
  REQUIRE(token.ends_with('\n'));
  CHECK(server.session_status(token.substr(0, token.size() - 1)) == 200);
  CHECK(world.installation.sessions_of("alice") == 1);
}

TEST_CASE("a challenge outlives the server that issued it") {
  const std::string storage = GENERATE("sqlite", "directory");
  World world(storage);
  std::string response;
  {
    RunningServer server(world.installation);
    response = world.alice.answer(challenge_of(server, "alice"));
    const int signal = GENERATE(SIGTERM, SIGINT, SIGKILL);
    CHECK(server.stop(signal) == (signal == SIGKILL ? -SIGKILL : 0));
  }
  const RunningServer again(world.installation);
  token_of(again.post_text("/v1/session", response));
  CHECK(again.post_text("/v1/session", response).status == 401);
}

TEST_CASE("what was answered is there after kill -9") {
  const std::string storage = GENERATE("sqlite", "directory");
  World world(storage);
  std::vector<std::string> tokens;
  {
    RunningServer server(world.installation);
    for (int i = 0; i < 3; ++i) tokens.push_back(log_in(server, world.alice, "alice"));
    REQUIRE(server.remove("/v1/session", "Authorization: Bearer " + tokens[0] + "\r\n").status == 204);
    server.stop(SIGKILL);
  }
  const RunningServer again(world.installation);
  CHECK(again.session_status(tokens[0]) == 401);
  CHECK(again.session_status(tokens[1]) == 200);
  CHECK(again.session_status(tokens[2]) == 200);
  CHECK(field(world.installation.json({"audit", "verify"}), "intact") == "true");
}

TEST_CASE("two servers on one store take each other's challenges and one of two equal answers") {
  const std::string storage = GENERATE("sqlite", "directory");
  World world(storage);
  const RunningServer first(world.installation);
  const RunningServer second(world.installation, {}, {"COUNTERSIGN_INSTANCE=second"});

  token_of(second.post_text("/v1/session", world.alice.answer(challenge_of(first, "alice"))));
  for (int round = 0; round < 10; ++round) {
    const std::string response = world.alice.answer(challenge_of(first, "alice"));
    WireReply replies[2];
    std::thread other([&] { replies[1] = second.post_text("/v1/session", response); });
    replies[0] = first.post_text("/v1/session", response);
    other.join();
    INFO(replies[0].body << replies[1].body << first.log() << second.log());
    CHECK(std::min(replies[0].status, replies[1].status) == 201);
    CHECK(std::max(replies[0].status, replies[1].status) == 401);
  }
  CHECK(world.installation.sessions_of("alice") == 11);
  CHECK(decisions(world.installation, "login_accepted") == 11);
  CHECK(field(world.installation.json({"audit", "verify"}), "intact") == "true");
}

TEST_CASE("the same response is one session when many post it at once") {
  World world;
  const RunningServer server(world.installation);
  const std::string response = world.alice.answer(challenge_of(server, "alice"));
  std::vector<int> statuses(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = server.post_text("/v1/session", response).status; });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::count(statuses.begin(), statuses.end(), 201) == 1);
  CHECK(std::count(statuses.begin(), statuses.end(), 401) == 7);
  CHECK(world.installation.sessions_of("alice") == 1);
}

TEST_CASE("a running server sees at once what a command beside it did") {
  const std::string storage = GENERATE("sqlite", "directory");
  World world(storage);
  const RunningServer server(world.installation);
  const std::string token = log_in(server, world.alice, "alice");
  const std::string open = world.alice.answer(challenge_of(server, "alice"));

  GnupgUser bob("Bob");
  world.installation.add_account("bob", bob.certificate());
  const std::string other = log_in(server, bob, "bob");

  world.installation.must({"session", "end", "alice", "--all"});
  CHECK(server.session_status(token) == 401);
  CHECK(server.session_status(other) == 200);
  // An open challenge is of the epoch before.
  CHECK(server.post_text("/v1/session", open).status == 401);
  const std::string again = log_in(server, world.alice, "alice");
  const std::string id =
      field(json_of(server.get("/v1/session", "Authorization: Bearer " + again + "\r\n").body), "session");
  world.installation.must({"session", "end", "alice", id});
  CHECK(server.session_status(again) == 401);
}

TEST_CASE("a session is shown and refreshed and ended over HTTP") {
  World world;
  const RunningServer server(world.installation);
  const std::string first = log_in(server, world.alice, "alice");
  const std::string second = log_in(server, world.alice, "alice");
  const auto bearer = [](const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; };

  const WireReply refreshed = server.post("/v1/session/refresh", "", bearer(first));
  REQUIRE(refreshed.status == 200);
  const std::string third = field(json_of(refreshed.body), "token");
  CHECK(server.session_status(first) == 401);
  CHECK(server.session_status(third) == 200);

  const Json list = json_of(server.get("/v1/sessions", bearer(third)).body);
  REQUIRE(list.find("sessions")->items()->size() == 2);
  const std::string id = field(json_of(server.get("/v1/session", bearer(second)).body), "session");
  CHECK(server.remove("/v1/sessions/" + id, bearer(third)).status == 204);
  CHECK(server.session_status(second) == 401);

  const WireReply authz = server.get("/v1/authz", bearer(third));
  CHECK(authz.status == 200);
  CHECK(authz.header("remote-user") == "alice");
  CHECK(authz.header("remote-key-fingerprint") == world.alice.key);
  CHECK(server.remove("/v1/sessions", bearer(third)).status == 204);
  CHECK(server.get("/v1/authz", bearer(third)).status == 401);
}

TEST_CASE("an export names accounts by username or id and says which it does not know") {
  World world;
  const ScratchFolder stick;
  const std::string account = field(world.installation.json({"account", "show", "alice"}), "account");
  const ProgramRun done =
      world.installation.run({"courier", "export", account, "alcie", "--to", stick.path().string(), "--json"});
  INFO(done.output << done.error);
  CHECK(done.exit_code == 3);
  std::size_t written = 0;
  for (const fs::path& file : files_beneath(stick.path())) {
    if (!file.filename().string().ends_with(".challenge.asc")) continue;
    ++written;
    CHECK(line_of(world.alice.open(read_file(file)), "account") == account);
  }
  CHECK(written == 1);
  CHECK(done.output.find(R"("user":"alcie","error":"not_found")") != std::string::npos);
}

TEST_CASE("an import and a post of one courier response at once are one session and one grant") {
  const std::string storage = GENERATE("sqlite", "directory");
  World world(storage);
  const RunningServer server(world.installation);
  constexpr std::size_t kRounds = 5;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const ScratchFolder stick;
    world.installation.must({"courier", "export", "alice", "--to", stick.path().string()});
    std::string response;
    for (const fs::path& file : files_beneath(stick.path())) {
      if (file.filename().string().ends_with(".challenge.asc")) response = world.alice.answer(read_file(file));
    }
    fs::create_directories(stick.path() / "inbox");
    write_file(stick.path() / "inbox" / "a.response.asc", response);
    WireReply posted;
    std::thread thief([&] { posted = server.post_text("/v1/session", response); });
    const ProgramRun imported = world.installation.run({"courier", "import", stick.path().string()});
    thief.join();
    INFO(posted.body << imported.error << server.log());
    REQUIRE(posted.status == 201);
    REQUIRE(imported.exit_code == 0);
    CHECK(field(json_of(posted.body), "grant") == read_file(stick.path() / "outbox" / "a.session.asc"));
  }
  CHECK(world.installation.sessions_of("alice") == kRounds);
}

TEST_CASE("a name in any script logs in and reaches a proxy percent-encoded") {
  const Installation installation;
  GnupgUser person("Zoe");
  const std::string name = "zo\u00eb \u65e5\u672c";
  installation.add_account(name, person.certificate());
  const RunningServer server(installation);
  const std::string challenge = server.post_form("/v1/challenge", "username=zo%C3%AB+%E6%97%A5%E6%9C%AC").body;
  const std::string token = token_of(server.post_text("/v1/session", person.answer(challenge)));
  const WireReply authz = server.get("/v1/authz", "Authorization: Bearer " + token + "\r\n");
  CHECK(authz.status == 200);
  CHECK(authz.header("remote-user") == "zo%C3%AB%20%E6%97%A5%E6%9C%AC");
  CHECK(installation.must({"account", "list"}).find(name) != std::string::npos);
  CHECK(installation.sessions_of(name) == 1);
}
