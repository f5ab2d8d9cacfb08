#include <catch2/catch.hpp>

#include "tests/support/client_desk.hpp"
#include "tests/support/fake_operations.hpp"
#include "transport/http/http_server.hpp"

using namespace countersign;
using cli::ExitCode;
using test::ClientDesk;
using test::CommandRun;
using test::SealingServer;

namespace {

const std::string kToken = "cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

// An HTTP server on a port of its own that answers with what `statement_of` makes of a statement.
struct Site {
  Site(ClientDesk& desk, const std::string& name) : server(name), statement(server.statement(desk, "alice")) {
    operations.answer = [this, &desk](const transport::Message& message) -> Result<Json> {
      if (message.operation == "server.show") {
        return Json::object()
            .set("server", server.name())
            .set("fingerprint", server.key().upper())
            .set("registration", registration);
      }
      if (message.operation == "challenge.issue") {
        const std::string text = sealed_text.empty() ? auth::records::write_statement(statement) : sealed_text;
        return Json::object()
            .set("challenge_message", (sealer == nullptr ? server : *sealer).seal(desk, text))
            .set("expires_at", format_time(statement.expires_at));
      }
      if (message.operation == "session.show" || message.operation == "session.end") {
        if (message.token.reveal_text() != kToken) return fail(ErrorCode::session_unknown);
        return message.operation == "session.end" ? Json() : Json::object().set("username", "alice");
      }
      if (message.operation == "account.enrol") return Json::object().set("username", statement.extra);
      TRY(server.judge(desk, message.text, statement));
      return Json::object().set("token", kToken).set("session", std::string(32, 'a')).set("username", "alice");
    };
    REQUIRE(http.start().has_value());
    url = "http://127.0.0.1:" + std::to_string(http.port());
  }

  bool was_asked_for(std::string_view operation) const {
    for (const auto& message : operations.seen()) {
      if (message.operation == operation) return true;
    }
    return false;
  }

  SealingServer server;
  auth::records::Statement statement;
  std::string sealed_text;
  std::string registration = "open";
  SealingServer* sealer = nullptr;
  test::FakeOperations operations;
  transport::http::HttpServer http{operations, [] {
                                     transport::http::HttpServerSettings settings;
                                     settings.port = 0;
                                     settings.workers = 2;
                                     return settings;
                                   }()};
  std::string url;
};

ClientDesk& shared_desk() {
  static ClientDesk desk;
  return desk;
}

// Each test has servers of its own, so what one trusts is forgotten.
struct Trust {
  Trust(ClientDesk& at, const Site& site) : Trust(at, site.server, site.url) {}
  Trust(ClientDesk& at, const SealingServer& server, const std::string& url) : desk(at), name(server.name()) {
    REQUIRE(desk.run({"server", "trust", name, server.key().upper(), "--url", url}).exit_code == ExitCode::ok);
  }
  ~Trust() { desk.run({"server", "forget", name}); }
  ClientDesk& desk;
  std::string name;
};

}  // namespace

TEST_CASE("login prints the token alone on stdout and the statement on stderr") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  const CommandRun run = desk.run({"login", site.url, "--user", "alice"});
  INFO(run.err);
  REQUIRE(run.exit_code == ExitCode::ok);
  REQUIRE(run.out == kToken + "\n");
  REQUIRE(run.err.find(auth::records::write_statement(site.statement)) != std::string::npos);
  REQUIRE(run.err.find(kToken) == std::string::npos);
}

TEST_CASE("login with JSON prints the whole session on one line") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  const CommandRun run = desk.run({"--json", "login", site.url, "--user", "alice"});
  REQUIRE(run.exit_code == ExitCode::ok);
  const auto json = parse_json(run.out);
  REQUIRE(json.has_value());
  REQUIRE(*json->find("token")->string() == kToken);
}

TEST_CASE("S02 login to an unknown server asks for no challenge and says what would trust it") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "https://auth.example.org");
  const CommandRun run = desk.run({"login", site.url, "--user", "alice"});
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.out.empty());
  REQUIRE(run.err.find("countersign server trust --url " + site.url + " https://auth.example.org " +
                       site.server.key().upper()) != std::string::npos);
  REQUIRE(!site.was_asked_for("challenge.issue"));
}

TEST_CASE("S01 login refuses a challenge of a second known server that the first passed on") {
  ClientDesk& desk = shared_desk();
  Site evil(desk, "https://evil.example");
  Site honest(desk, "https://honest.example");
  const Trust evil_is_known(desk, evil);
  const Trust honest_is_known(desk, honest);
  evil.sealer = &honest.server;
  evil.sealed_text = auth::records::write_statement(honest.statement);
  const CommandRun run = desk.run({"login", evil.url, "--user", "alice"});
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.err.find("server_mismatch") != std::string::npos);
  REQUIRE(!evil.was_asked_for("session.open"));
}

TEST_CASE("S01 login refuses a server that calls itself by a known name") {
  ClientDesk& desk = shared_desk();
  const SealingServer honest("https://honest.example");
  const Site impostor(desk, "https://honest.example");
  const Trust honest_is_known(desk, honest, "https://honest.example");
  CommandRun run = desk.run({"login", impostor.url, "--user", "alice"});
  REQUIRE(run.err.find("server_unknown") != std::string::npos);
  run = desk.run({"login", impostor.url, "--user", "alice", "--server", "https://honest.example"});
  REQUIRE(run.err.find("server_mismatch") != std::string::npos);
  REQUIRE(!impostor.was_asked_for("session.open"));
}

TEST_CASE("login takes the server's name and key as arguments") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "office");
  const CommandRun run =
      desk.run({"login", site.url, "--user", "alice", "--server", "office", "--server-key", site.server.key().upper()});
  INFO(run.err);
  REQUIRE(run.exit_code == ExitCode::ok);
}

TEST_CASE("S01 login refuses a challenge for another account or purpose or transport") {
  ClientDesk& desk = shared_desk();
  Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  const auto refused_as = [&](const char* code) {
    const CommandRun run = desk.run({"login", site.url, "--user", "alice"});
    INFO(run.err);
    REQUIRE(run.exit_code != ExitCode::ok);
    REQUIRE(run.err.find(code) != std::string::npos);
    REQUIRE(run.err.find("You sign this statement") == std::string::npos);
  };
  const auth::records::Statement good = site.statement;
  site.statement.account = std::string(64, 'b');
  refused_as("another account");
  site.statement = good;
  site.statement.purpose = auth::records::Purpose::password;
  refused_as("challenge_of_another_purpose");
  site.statement = good;
  site.statement.transport = auth::records::Transport::courier;
  refused_as("transport_mismatch");
  site.sealed_text = "I owe you 100\n";
  refused_as("malformed_statement");
  REQUIRE(!site.was_asked_for("session.open"));
}

TEST_CASE("a login that the server refuses exits as denied") {
  ClientDesk& desk = shared_desk();
  Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  // The server means another statement than the one it sent.
  site.sealed_text = auth::records::write_statement(site.statement);
  site.statement.nonce = base64url(Bytes(32, 1));
  const CommandRun run = desk.run({"login", site.url, "--user", "alice"});
  REQUIRE(run.exit_code == ExitCode::denied);
  REQUIRE(run.out.empty());
}

TEST_CASE("login sends nothing by plain http beyond this machine unless it is told to") {
  ClientDesk& desk = shared_desk();
  const CommandRun run = desk.run({"login", "http://192.0.2.1:8420", "--user", "alice"});
  REQUIRE(run.exit_code == ExitCode::malformed);
  REQUIRE(run.err.find("--insecure-http") != std::string::npos);
}

TEST_CASE("a token that is kept goes to the server that it was kept for and to no other") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "https://auth.example.org");
  const Site other(desk, "https://other.example");
  const Trust trust(desk, site);
  const CommandRun kept = desk.run({"login", site.url, "--user", "alice", "--save"});
  INFO(kept.err);
  REQUIRE(kept.exit_code == ExitCode::ok);
  CHECK(kept.out.find(kToken) == std::string::npos);
  CHECK(kept.err.find(kToken) == std::string::npos);
  CHECK(desk.run({"whoami", site.url}).out == "username  alice\n");
  CHECK(desk.run({"whoami", other.url}).exit_code == ExitCode::not_found);
  CHECK(desk.run({"logout", other.url}).exit_code == ExitCode::not_found);
  CHECK_FALSE(other.was_asked_for("session.show"));
  CHECK_FALSE(other.was_asked_for("session.end"));
  CHECK(desk.run({"logout", site.url}).exit_code == ExitCode::ok);
  CHECK(desk.run({"whoami", site.url}).exit_code == ExitCode::not_found);
}

TEST_CASE("a token is taken from stdin, and one that opens nothing is denied") {
  ClientDesk& desk = shared_desk();
  const Site site(desk, "https://auth.example.org");
  CHECK(desk.run({"whoami", site.url, "--token-file", "-"}, kToken + "\n").out == "username  alice\n");
  std::string unknown = kToken;
  unknown[5] = 'B';
  const CommandRun run = desk.run({"whoami", site.url, "--token-file", "-"}, unknown);
  CHECK(run.exit_code == ExitCode::denied);
  CHECK(run.err.find("countersign login " + site.url) != std::string::npos);
  CHECK(run.err.find(unknown) == std::string::npos);
}

TEST_CASE("S01 enrol signs for the key, the username and the purpose that were meant and for no other") {
  ClientDesk& desk = shared_desk();
  Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  site.statement.purpose = auth::records::Purpose::enrol;
  site.statement.extra = "alice";
  const auth::records::Statement good = site.statement;
  const auto enrol = [&] { return desk.run({"enrol", site.url, "--user", "alice", "--key", desk.key()}); };
  const auto refused_as = [&](const char* code) {
    const CommandRun run = enrol();
    INFO(run.err);
    CHECK(run.exit_code != ExitCode::ok);
    CHECK(run.err.find(code) != std::string::npos);
    CHECK(run.err.find("You sign this statement") == std::string::npos);
    site.statement = good;
  };
  site.statement.key = site.server.key();
  refused_as("another key");
  site.statement.extra = "mallory";
  refused_as("another username");
  site.statement.account = std::string(64, 'b');
  refused_as("another account");
  site.statement.purpose = auth::records::Purpose::login;
  site.statement.extra.clear();
  refused_as("challenge_of_another_purpose");
  site.statement.transport = auth::records::Transport::courier;
  refused_as("transport_mismatch");
  CHECK_FALSE(site.was_asked_for("account.enrol"));
  CHECK(enrol().exit_code == ExitCode::ok);
  CHECK(site.was_asked_for("account.enrol"));
}

TEST_CASE("enrol at a server whose registration is closed asks for no challenge") {
  ClientDesk& desk = shared_desk();
  Site site(desk, "https://auth.example.org");
  const Trust trust(desk, site);
  site.registration = "closed";
  const CommandRun run = desk.run({"enrol", site.url, "--user", "alice"});
  INFO(run.err);
  CHECK(run.exit_code == ExitCode::denied);
  CHECK(run.err.find("countersign account add alice --public-key FILE") != std::string::npos);
  CHECK(run.err.find(desk.key()) != std::string::npos);
  CHECK_FALSE(site.was_asked_for("challenge.issue"));
}
