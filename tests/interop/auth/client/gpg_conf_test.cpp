// What people have in their gpg.conf: the client's commands work with it, or name the line that is in the way.
#include <catch2/catch.hpp>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

// A user who knows the server and holds a challenge of it.
struct Challenged {
  explicit Challenged(const std::string& passphrase = "") {
    if (!passphrase.empty()) {
      alice.home.must({"--passphrase", passphrase, "--quick-generate-key", "Locked", "ed25519", "sign,cert", "none"});
      alice.key = alice.home.fingerprints("Locked").at(0);
      alice.home.must({"--passphrase", passphrase, "--quick-add-key", alice.key, "cv25519", "encr", "none"});
      // The agent remembers the passphrase of a key it has just made.
      run_program({"gpgconf", "--homedir", alice.home.path(), "--kill", "gpg-agent"}, {});
    }
    installation.add_account("alice", alice.certificate());
    installation.must({"server", "trust", installation.server(), installation.fingerprint()});
    challenge = installation.must({"challenge", "alice"});
  }
  // Of `respond`, with that gpg.conf.
  ProgramRun respond(const std::string& conf) {
    write_file(conf_path(), conf);
    return installation.run({"respond"}, challenge, &alice.home);
  }
  std::string conf_path() const { return alice.home.path() + "/gpg.conf"; }

  Installation installation;
  GnupgUser alice{"Alice"};
  std::string challenge;
};

}  // namespace

TEST_CASE("what hardening guides put into gpg.conf keeps nobody from logging in, by HTTP and by stick") {
  Challenged user;
  const std::string conf =
      "personal-cipher-preferences AES256 AES192 AES\n"
      "personal-digest-preferences SHA512 SHA384 SHA256\n"
      "personal-compress-preferences ZLIB BZIP2 ZIP Uncompressed\n"
      "default-preference-list SHA512 SHA384 SHA256 AES256 AES192 AES ZLIB BZIP2 ZIP Uncompressed\n"
      "cert-digest-algo SHA512\ns2k-digest-algo SHA512\ns2k-cipher-algo AES256\ncharset utf-8\n"
      "fixed-list-mode\nno-comments\nno-emit-version\nno-greeting\nkeyid-format 0xlong\nwith-fingerprint\n"
      "list-options show-uid-validity\nverify-options show-uid-validity\nrequire-cross-certification\n"
      "no-symkey-cache\nuse-agent\nthrow-keyids\narmor\nno-tty\nbatch\nverbose\ntextmode\nask-cert-level\n"
      "default-recipient-self\ncompress-algo none\ntrust-model tofu\nno-auto-key-retrieve\nlock-once\n"
      "keyserver hkps://keys.example.org\nkeyserver-options no-honor-keyserver-url include-revoked\n"
      "auto-key-locate local\nsig-policy-url !https://example.org/policy\n"
      "sig-keyserver-url !https://example.org/keys\nsig-notation note@example.org=x\ndefault-sig-expire 1y\n"
      "weak-digest SHA1\ncompliance gnupg\n";
  const ProgramRun response = user.respond(conf);
  INFO(response.error);
  REQUIRE(response.exit_code == 0);
  CHECK(field(user.installation.json({"account", "show", "alice"}), "state") == "active");
  CHECK(user.installation.run({"redeem"}, response.output).exit_code == 0);
  const RunningServer server(user.installation);
  const ProgramRun login = user.installation.run(
      {"login", server.url(), "--user", "alice", "--server", user.installation.server()}, {}, &user.alice.home);
  INFO(login.error);
  CHECK(login.exit_code == 0);
  CHECK(server.session_status(login.output.substr(0, login.output.find('\n'))) == 200);
  const std::string stick = (user.installation.folder() / "stick").string();
  std::filesystem::create_directory(stick);
  user.installation.must({"courier", "export", "alice", "--to", stick});
  const ProgramRun courier = user.installation.run({"courier", "sign", stick}, {}, &user.alice.home);
  INFO(courier.error);
  CHECK(courier.exit_code == 0);
  const std::string imported = user.installation.must({"courier", "import", stick});
  CHECK(imported.find("granted") != std::string::npos);
  CHECK(user.installation.run({"courier", "open", stick}, {}, &user.alice.home).exit_code == 0);
}

TEST_CASE("a line of gpg.conf that keeps a challenge from being answered is named with its file and number") {
  Challenged user;
  user.alice.home.make_primary("ed25519", "other", "sign,cert");
  for (const char* const line : {"skip-hidden-recipients",
                                 "list-only",
                                 "local-user other",
                                 "output /nonexistent/x",
                                 "digest-algo SHA1",
                                 "digest-algo RIPEMD160",
                                 "personal-digest-preferences SHA1",
                                 "sig-notation !note@example.org=x",
                                 "include-key-block",
                                 "not-dash-escaped",
                                 "disable-cipher-algo AES256",
                                 "disable-pubkey-algo ECDH",
                                 "weak-digest SHA256",
                                 "compliance de-vs",
                                 "faked-system-time 20200101T000000",
                                 "override-session-key x",
                                 "multifile",
                                 "list-keys",
                                 "clearsign",
                                 "decrypt",
                                 "gpgconf-list",
                                 "logger-fd 1",
                                 "no-armor",
                                 "no-keyring",
                                 "verify"}) {
    CAPTURE(line);
    const ProgramRun refused = user.respond("armor\n" + std::string(line) + "\nno-greeting\n");
    INFO(refused.error);
    CHECK(refused.exit_code != 0);
    CHECK(refused.output.empty());
    CHECK(refused.error.find(user.conf_path() + ", line 2: `" + line + "` ") != std::string::npos);
    CHECK(refused.error.find("line 1") == std::string::npos);
    CHECK(refused.error.find("line 3") == std::string::npos);
  }
  // And without it the same challenge is answered.
  CHECK(user.respond("armor\n").exit_code == 0);
}

TEST_CASE("a passphrase that GnuPG was told not to ask for, or cannot, is no wrong key and no odd message") {
  Challenged user("secret");
  for (const char* const mode : {"loopback", "cancel", "error"}) {
    CAPTURE(mode);
    const ProgramRun refused = user.respond("pinentry-mode " + std::string(mode) + "\n");
    INFO(refused.error);
    CHECK(refused.exit_code == 1);
    CHECK(refused.error.find("line 1: `pinentry-mode " + std::string(mode) + "`") != std::string::npos);
    CHECK(refused.error.find("no encrypted OpenPGP message") == std::string::npos);
    CHECK(refused.error.find("encrypted to none of your keys") == std::string::npos);
  }
  write_file(user.alice.home.path() + "/gpg-agent.conf", "pinentry-program /nonexistent/pinentry\n");
  run_program({"gpgconf", "--homedir", user.alice.home.path(), "--kill", "gpg-agent"}, {});
  const ProgramRun unasked = user.respond("");
  INFO(unasked.error);
  CHECK(unasked.exit_code == 1);
  CHECK(unasked.error.find("is locked") != std::string::npos);
  CHECK(unasked.error.find("pinentry") != std::string::npos);
}

TEST_CASE("a gpg-agent that does not start is no wrong key") {
  Challenged user;
  // Too long for a socket, where the agent has no other place for it.
  const std::filesystem::path far = user.installation.folder() / std::string(100, 'h');
  run_program({"gpgconf", "--homedir", user.alice.home.path(), "--kill", "gpg-agent"}, {});
  REQUIRE(run_program({"cp", "-a", user.alice.home.path(), far.string()}, {}).exit_code == 0);
  if (run_program({"gpg", "--homedir", far.string(), "--list-secret-keys", user.alice.key}, {}).exit_code == 0) {
    WARN("gpg-agent has its sockets elsewhere here, so that it starts");
    return;
  }
  auto environment = user.installation.environment(nullptr);
  environment.push_back("GNUPGHOME=" + far.string());
  const ProgramRun refused = run_program({COUNTERSIGN_PROGRAM, "respond"}, user.challenge, environment);
  INFO(refused.error);
  CHECK(refused.exit_code == 1);
  CHECK(unwrapped(refused.error).find("gpg-agent, which holds your keys, does not start") != std::string::npos);
}
