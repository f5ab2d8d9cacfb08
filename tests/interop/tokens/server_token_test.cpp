// A server whose secret key stays in a GnuPG home: in a token (SoftHSM2 behind gnupg-pkcs11-scd), or on its disk.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/support/courier_stick.hpp"
#include "tests/support/program.hpp"
#include "tests/support/token_home.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"
#include "transport/courier/courier_name.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

struct TokenServer {
  TokenHome token;
  std::string key = token.make_key("Countersign", false);
  Installation installation{"sqlite", kServerName, {"--server-key", key}, token.gnupg()};
};

int challenge_status(const RunningServer& server, const std::string& username) {
  return server.post_form("/v1/challenge", "username=" + username).status;
}

}  // namespace

TEST_CASE("a server with its key in a token founds and serves and asks for the PIN once a start") {
  const TokenServer server_side;
  const Installation& installation = server_side.installation;
  const TokenHome& token = server_side.token;
  CHECK(installation.fingerprint() == server_side.key);
  CHECK_FALSE(fs::exists(installation.secrets() / "server.key"));
  const std::string settings = read_file(installation.data() / "countersign.toml");
  CHECK(settings.find("\nserver_key_home = \"" + fs::canonical(token.path()).string() + "\"\n") != std::string::npos);
  CHECK(settings.find("\nopenpgp = \"gpgme\"\n") != std::string::npos);

  // From here on nobody's environment says where the key is.
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());  // its metadata is signed, so this too may ask
  token.forget_pin();
  const RunningServer server(installation);
  CHECK(token.asked() == 1);
  for (int i = 0; i < 3; ++i) {
    const std::string message = server.post_form("/v1/challenge", "username=alice").body;
    CHECK(server.post_text("/v1/session", alice.answer(message)).status == 201);
  }
  // A user checks the server by the key in the token.
  installation.must({"server", "trust", kServerName, server_side.key});
  const std::string printed =
      installation.must({"login", server.url(), "--user", "alice", "--server", kServerName}, {}, &alice.home);
  CHECK(server.session_status(printed.substr(0, printed.size() - 1)) == 200);

  // By hand and by stick, beside the server.
  const std::string by_hand = installation.must({"challenge", "alice"});
  installation.must({"redeem"}, alice.answer(by_hand));
  const CourierStick stick;
  installation.must({"courier", "export", "alice", "--to", stick.text_path()});
  installation.must({"courier", "sign", stick.text_path()}, {}, &alice.home);
  installation.must({"courier", "import", stick.text_path()});
  const std::string opened = installation.must({"courier", "open", stick.text_path()}, {}, &alice.home);
  CHECK(server.session_status(opened.substr(0, opened.find('\n'))) == 200);
  CHECK(token.asked() == 1);
}

TEST_CASE("a server whose token is pulled says so and goes on with what needs no signature and signs again after") {
  TokenServer server_side;
  Installation& installation = server_side.installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const RunningServer server(installation);
  const auto log_in = [&](const std::string& message) {
    return field(json_of(server.post_text("/v1/session", alice.answer(message)).body), "token");
  };
  const std::string session = log_in(server.post_form("/v1/challenge", "username=alice").body);
  const std::string under_way = server.post_form("/v1/challenge", "username=alice").body;

  server_side.token.pull();
  const WireReply refused = server.post_form("/v1/challenge", "username=alice");
  CHECK(refused.status == 503);
  CHECK(field(json_of(refused.body), "code") == "unavailable");
  CHECK(comes_true([&] { return server.get("/readyz").status == 503; }));
  CHECK(challenge_status(server, "alice") == 503);
  CHECK(challenge_status(server, "nobody") == 503);
  CHECK(comes_true([&] { return server.log().find("server key out of reach") != std::string::npos; }));
  CHECK(comes_true([&] { return server.log().find("is in a token that is not there") != std::string::npos; }));
  // Sessions are checked, and a challenge that was out is taken.
  CHECK(server.session_status(session) == 200);
  CHECK(server.get("/v1/authz", "Authorization: Bearer " + session + "\r\n").status == 200);
  CHECK(server.session_status(log_in(under_way)) == 200);
  // Commands that sign nothing work, those that do say why not and write nothing.
  CHECK(installation.run({"account", "list"}).exit_code == 0);
  CHECK(installation.run({"session", "end", "alice", "--all"}).exit_code == 0);
  CHECK(server.session_status(session) == 401);
  const CourierStick stick;
  for (const ProgramRun& run : {installation.run({"challenge", "alice"}),
                                installation.run({"courier", "export", "alice", "--to", stick.text_path()})}) {
    INFO(run.error);
    CHECK(run.exit_code == 7);
    CHECK(unwrapped(run.error).find("is in a token that is not there") != std::string::npos);
  }
  CHECK(stick.contents().count("outbox/" + transport::courier::server_file(kServerName)) == stick.contents().size());
  // Nobody was asked for the PIN of a token that is not there.
  CHECK(server_side.token.asked() == 1);

  server_side.token.put_back();
  CHECK(comes_true([&] { return server.get("/readyz").status == 200; }));
  CHECK(comes_true([&] { return server.log().find("server key back") != std::string::npos; }));
  CHECK(server.session_status(log_in(server.post_form("/v1/challenge", "username=alice").body)) == 200);
}

TEST_CASE("a server does not start without its token or with a wrong PIN and tries a PIN once") {
  TokenServer server_side;
  const auto refused = [&](std::string_view words) {
    const ProgramRun run = refused_start(server_side.installation);
    INFO(run.error);
    CHECK(run.exit_code == 8);
    CHECK(unwrapped(run.error).find(words) != std::string::npos);
  };
  server_side.token.forget_pin();
  server_side.token.pull();
  refused("is in a token that is not there");
  CHECK(server_side.token.asked() == 0);
  server_side.token.put_back();
  server_side.token.forget_pin();
  server_side.token.answer_with(PinAnswer::cancelled);
  refused("cancelled");
  CHECK(server_side.token.asked() == 1);
  server_side.token.block_pin();
  refused("blocked");
  // Another key in that home is not the server's.
  const fs::path settings = server_side.installation.data() / "countersign.toml";
  const std::string text = read_file(settings);
  const auto with_rnp = [&] {
    std::string changed = text;
    changed.replace(changed.find("openpgp = \"gpgme\""), 17, "openpgp = \"rnp\"");
    write_file(settings, changed);
  };
  with_rnp();
  const ProgramRun rnp = refused_start(server_side.installation);
  CHECK(rnp.exit_code == 2);
  CHECK(rnp.error.find("--openpgp gpgme") != std::string::npos);
}

TEST_CASE("a server's key on the disk of a GnuPG home does as one in a token does") {
  GnupgHome home;
  const std::string key = home.make_primary("ed25519", "Countersign", "cert");
  home.add_subkey(key, "ed25519", "sign");
  const Installation installation("directory", kServerName, {"--server-key", key}, home);
  CHECK_FALSE(fs::exists(installation.secrets() / "server.key"));
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const std::string engine = GENERATE("gpgme", "both");
  const RunningServer server(installation, {"--openpgp", engine});
  installation.must({"server", "trust", kServerName, key});
  const std::string printed =
      installation.must({"login", server.url(), "--user", "alice", "--server", kServerName}, {}, &alice.home);
  CHECK(server.session_status(printed.substr(0, printed.size() - 1)) == 200);
}

TEST_CASE("init takes no key that cannot sign or is not there and makes no folder then") {
  GnupgHome home;
  const ScratchFolder scratch;
  const auto refused = [&](const std::string& key, int exit_code, std::string_view words) {
    const fs::path data = scratch.path() / "data";
    const ProgramRun run = run_program(
        {COUNTERSIGN_PROGRAM, "init", "--server", kServerName, "--data", data.string(), "--server-key", key}, {},
        {"GNUPGHOME=" + home.path()});
    INFO(run.error);
    CHECK(run.exit_code == exit_code);
    CHECK(unwrapped(run.error).find(words) != std::string::npos);
    CHECK(fs::is_empty(scratch.path()));
  };
  refused(std::string(40, 'A'), 3, "has no key AAAA");
  refused("nonsense", 2, "fingerprint");
  refused(home.make_primary("rsa1024", "small", "sign,cert"), 2, "rsa1024 is not accepted");
  refused(home.make_primary("ed25519", "certifies only", "cert"), 2, "no key that signs");
  GnupgHome elsewhere;
  const std::string public_only = elsewhere.make_primary("ed25519", "public only", "sign,cert");
  home.import(elsewhere.export_public(public_only));
  refused(public_only, 7, "secret key");
}
