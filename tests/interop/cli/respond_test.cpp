#include <catch2/catch.hpp>

#include "tests/support/client_desk.hpp"
#include "tests/support/courier_stick.hpp"

using namespace countersign;
using cli::ExitCode;
using test::ClientDesk;
using test::CommandRun;
using test::CourierStick;
using test::SealingServer;

namespace {

const std::string kName = "https://auth.example.org";
const std::string kToken = "cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Office {
  Office() { REQUIRE(desk.run({"server", "trust", kName, server.key().upper()}).exit_code == ExitCode::ok); }
  ClientDesk desk;
  SealingServer server{kName};
};

Office& office() {
  static Office shared;
  return shared;
}

auth::records::Statement courier_statement(Office& at) {
  auth::records::Statement statement = at.server.statement(at.desk, "alice");
  statement.transport = auth::records::Transport::courier;
  statement.expires_at = statement.issued_at + Seconds(7 * 86400);
  return statement;
}

}  // namespace

TEST_CASE("respond is a filter: the challenge in and the response out and the statement beside it") {
  Office& at = office();
  const auth::records::Statement statement = at.server.statement(at.desk, "alice");
  const CommandRun run = at.desk.run({"respond"}, at.server.seal(at.desk, auth::records::write_statement(statement)));
  INFO(run.err);
  REQUIRE(run.exit_code == ExitCode::ok);
  REQUIRE(run.out.starts_with("-----BEGIN PGP SIGNED MESSAGE-----\n"));
  REQUIRE(run.err.find(auth::records::write_statement(statement)) != std::string::npos);
  REQUIRE(at.server.judge(at.desk, run.out, statement).has_value());
}

TEST_CASE("a challenge is opened and answered by stock gpg alone") {
  Office& at = office();
  const auth::records::Statement statement = at.server.statement(at.desk, "alice");
  const std::string text = auth::records::write_statement(statement);
  const auto opened = at.desk.home().decrypt(at.server.seal(at.desk, text));
  REQUIRE(opened.output == text);
  REQUIRE(at.server.judge(at.desk, at.desk.home().clearsign(at.desk.key(), opened.output), statement).has_value());
}

TEST_CASE("S01 respond refuses a known server that was not the one that was meant") {
  Office& at = office();
  const std::string message =
      at.server.seal(at.desk, auth::records::write_statement(at.server.statement(at.desk, "alice")));
  const CommandRun run =
      at.desk.run({"respond", "--server", "https://other.example", "--server-key", std::string(40, 'A')}, message);
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.out.empty());
  REQUIRE(run.err.find("server_mismatch") != std::string::npos);
}

TEST_CASE("S02 respond refuses an unknown server and the command that it names makes it known") {
  Office& at = office();
  SealingServer stranger("https://new.example");
  const std::string message =
      stranger.seal(at.desk, auth::records::write_statement(stranger.statement(at.desk, "alice")));
  CommandRun run = at.desk.run({"respond"}, message);
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.err.find("countersign server trust https://new.example " + stranger.key().upper()) != std::string::npos);
  REQUIRE(at.desk.run({"server", "trust", "https://new.example", stranger.key().upper()}).exit_code == ExitCode::ok);
  run = at.desk.run({"respond"}, message);
  REQUIRE(run.exit_code == ExitCode::ok);
  REQUIRE(at.desk.run({"server", "forget", "https://new.example"}).exit_code == ExitCode::ok);
}

TEST_CASE("S02 respond signs nothing that is no message of a server") {
  Office& at = office();
  for (const std::string& input :
       {std::string("hello"), std::string(), at.desk.home().clearsign(at.desk.key(), "x\n")}) {
    const CommandRun run = at.desk.run({"respond"}, input);
    REQUIRE(run.exit_code == ExitCode::malformed);
    REQUIRE(run.out.empty());
  }
}

TEST_CASE("courier sign answers the challenges for one's key and leaves the others") {
  Office& at = office();
  ClientDesk other;
  const CourierStick stick;
  const auth::records::Statement statement = courier_statement(at);
  stick.put("outbox/mine.challenge.asc", at.server.seal(at.desk, auth::records::write_statement(statement)));
  stick.put("outbox/others.challenge.asc", at.server.seal(other, auth::records::write_statement(statement)));
  const CommandRun run = at.desk.run({"--json", "courier", "sign", stick.text_path()});
  INFO(run.err);
  REQUIRE(run.exit_code == ExitCode::ok);
  REQUIRE(run.out.find("\"for another key\"") != std::string::npos);
  REQUIRE(at.server.judge(at.desk, stick.get("inbox/mine.response.asc"), statement).has_value());
  REQUIRE(!stick.has("inbox/others.response.asc"));
  const CommandRun again = at.desk.run({"courier", "sign", stick.text_path()});
  REQUIRE(again.exit_code == ExitCode::ok);
  REQUIRE(again.err.find("0 signed") != std::string::npos);
}

TEST_CASE("courier sign refuses a substituted challenge and an http one and says so with its exit code") {
  Office& at = office();
  SealingServer impostor(kName);
  const CourierStick stick;
  stick.put("outbox/a.challenge.asc", impostor.seal(at.desk, auth::records::write_statement(courier_statement(at))));
  stick.put("outbox/b.challenge.asc",
            at.server.seal(at.desk, auth::records::write_statement(at.server.statement(at.desk, "alice"))));
  const CommandRun run = at.desk.run({"courier", "sign", stick.text_path()});
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.out.find("server_mismatch") != std::string::npos);
  REQUIRE(run.out.find("transport_mismatch") != std::string::npos);
  REQUIRE(!stick.has("inbox/a.response.asc"));
  REQUIRE(!stick.has("inbox/b.response.asc"));
}

TEST_CASE("courier open prints the token of a grant from a file or from a stick, and stock gpg shows it too") {
  Office& at = office();
  const CourierStick stick;
  const auth::records::SessionGrant grant = at.server.grant("alice");
  const std::string message = at.server.seal(at.desk, auth::records::write_session_grant(grant).reveal_text());
  stick.put("outbox/a.session.asc", message);
  for (const std::string& path : {stick.text_path(), stick.text_path() + "/outbox/a.session.asc"}) {
    const CommandRun run = at.desk.run({"courier", "open", path});
    INFO(run.err);
    REQUIRE(run.exit_code == ExitCode::ok);
    REQUIRE(run.out == kToken + "\n");
  }
  REQUIRE(at.desk.run({"courier", "open"}, message).out == kToken + "\n");
  REQUIRE(at.desk.home().decrypt(message).output.find("token: " + kToken + "\n") != std::string::npos);
}

TEST_CASE("S02 courier open refuses a grant that the known server did not make") {
  Office& at = office();
  SealingServer impostor(kName);
  const auth::records::SessionGrant grant = at.server.grant("alice");
  const std::string message = impostor.seal(at.desk, auth::records::write_session_grant(grant).reveal_text());
  const CommandRun run = at.desk.run({"courier", "open"}, message);
  REQUIRE(run.exit_code == ExitCode::failed);
  REQUIRE(run.out.empty());
  REQUIRE(run.err.find("server_mismatch") != std::string::npos);
}

TEST_CASE("courier open says not found where no grant on the stick is for one's key") {
  Office& at = office();
  ClientDesk other;
  const CourierStick stick;
  stick.put("outbox/a.session.asc",
            at.server.seal(other, auth::records::write_session_grant(at.server.grant("bob")).reveal_text()));
  REQUIRE(at.desk.run({"courier", "open", stick.text_path()}).exit_code == ExitCode::not_found);
}
