// The server's key in the engine over GnuPG: handed over, or in the operator's own home with their agent and pinentry.
#include <signal.h>

#include <catch2/catch.hpp>

#include <fstream>
#include <thread>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"
#include "auth/openpgp/policy.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/media.hpp"
#include "tests/support/packet_builder.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

const std::string kText = "countersign-statement-v1\npurpose: login\n";

openpgp::gnupg::GpgmeOptions options_in(const fs::path& place) {
  openpgp::gnupg::GpgmeOptions options;
  options.worker_program = COUNTERSIGN_PROGRAM;
  options.places = {place};
  return options;
}

openpgp::gate::GatedCertificate gated(const std::string& text) {
  return openpgp::gate::admit_certificate(text, openpgp::gate::kCertificateReadBytesMax).value();
}

// The machine's time: in the operator's home nobody can tell gpg another one.
Instant now() {
  return std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now());
}

struct OperatorsEngine {
  explicit OperatorsEngine(const GnupgHome& home, const std::string& key)
      : opened(openpgp::gnupg::GpgmeOpenPgp::open(
            openpgp::gnupg::GnupgServerKey{home.path(), Fingerprint::parse(key).value()}, options_in(scratch.path()))) {
  }

  openpgp::gnupg::GpgmeOpenPgp& engine() { return **opened; }
  // The key that signed, or the failure.
  std::string sign(const openpgp::gate::GatedCertificate& certificate) {
    const auto signature = engine().sign(kText, now());
    if (!signature) return std::string(name_of(signature.error().code)) + ": " + signature.error().detail;
    const Instant time = now();
    const auto accepted =
        accept_signature(engine(), certificate, kText, openpgp::gate::admit_signature(*signature).value(),
                         SignatureForm::detached, {time - Seconds(60), time + Seconds(60)}, time);
    return accepted ? accepted->signing_key.upper() : "refused: " + accepted.error().detail;
  }

  ScratchFolder scratch;
  Result<std::unique_ptr<openpgp::gnupg::GpgmeOpenPgp>> opened;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A server's key that is handed over.
struct HandedOver {
  HandedOver() : secret(as_bytes(home.export_secret_binary(key))) {}
  GnupgHome home;
  std::string key = home.make_key("ed25519", "auth.example.org");
  Secret secret;
};

// Every file beneath that holds a secret key of GnuPG's.
std::size_t key_files_beneath(const fs::path& folder) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".key") ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a key in the operator's home signs and seals and never leaves it") {
  GnupgHome home;
  const std::string key = home.make_key("ed25519", "auth.example.org");
  OperatorsEngine server(home, key);
  REQUIRE(server.opened);
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
  REQUIRE(server.engine().server_certificate() != nullptr);
  CHECK(server.engine().server_certificate()->fingerprint() == certificate.fingerprint());
  CHECK(server.sign(certificate) == key);
  CHECK(key_files_beneath(server.scratch.path()) == 0);

  GnupgUser alice("Alice");
  const openpgp::gate::GatedCertificate recipient = gated(alice.certificate());
  const auto facts = server.engine().inspect(recipient, now());
  const auto to = choose_encryption_key(*facts, now());
  const auto message = server.engine().seal({recipient, to->fingerprint, kText, true, now()});
  REQUIRE(message);
  alice.home.import(home.export_public(key));
  const ProgramRun opened = alice.home.decrypt(*message, {"-q"});
  CHECK(opened.output == kText);
  CHECK(contains(opened.error, "Good signature from \"auth.example.org\""));
}

TEST_CASE("of a key in the operator's home the newest signing subkey signs") {
  GnupgHome home;
  home.set_time("20260101T000000");
  const std::string key = home.make_primary("ed25519", "auth.example.org", "sign,cert");
  home.add_subkey(key, "ed25519", "sign");
  home.set_time("20260102T000000");
  const std::string newest = home.add_subkey(key, "ed25519", "sign");
  OperatorsEngine server(home, key);
  REQUIRE(server.opened);
  CHECK(server.sign(gated(home.export_public(key))) == newest);
}

TEST_CASE("a key that the operator's home does not hold is unavailable and the detail says what to do") {
  GnupgHome home;
  GnupgHome other;
  const std::string key = home.make_key("ed25519", "auth.example.org");
  OperatorsEngine unknown(other, key);
  REQUIRE_FALSE(unknown.opened);
  CHECK(unknown.opened.error().code == ErrorCode::openpgp_unavailable);
  CHECK(contains(unknown.opened.error().detail, key));

  other.import(home.export_public(key));  // the public half alone
  OperatorsEngine half(other, key);
  REQUIRE(half.opened);
  const std::string refusal = half.sign(gated(home.export_public(key)));
  CHECK(contains(refusal, "openpgp_unavailable"));
  CHECK(contains(refusal, "gpg --card-status"));

  const std::string subkey = home.fingerprints(key).at(1);
  OperatorsEngine by_subkey(home, subkey);
  REQUIRE_FALSE(by_subkey.opened);
  CHECK(contains(by_subkey.opened.error().detail, "primary"));

  const ScratchFolder scratch;
  const auto nowhere = openpgp::gnupg::GpgmeOpenPgp::open(
      openpgp::gnupg::GnupgServerKey{"/nonexistent/gnupg", Fingerprint::parse(key).value()},
      options_in(scratch.path()));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ErrorCode::openpgp_unavailable);
  CHECK(contains(nowhere.error().detail, "/nonexistent/gnupg"));
}

TEST_CASE("a key that is taken out of the operator's home signs again when it is back") {
  GnupgHome home;
  const std::string key = home.make_key("ed25519", "auth.example.org");
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
  OperatorsEngine server(home, key);
  REQUIRE(server.opened);
  CHECK(server.sign(certificate) == key);
  const fs::path keys = fs::path(home.path()) / "private-keys-v1.d";
  fs::rename(keys, keys.string() + ".out");
  fs::create_directory(keys);
  fs::permissions(keys, fs::perms::owner_all);
  CHECK(contains(server.sign(certificate), "openpgp_unavailable"));
  fs::remove(keys);
  fs::rename(keys.string() + ".out", keys);
  CHECK(server.sign(certificate) == key);
}

TEST_CASE("a passphrase that nobody can be asked for leaves the server's key unavailable") {
  for (const std::string& pinentry : {std::string("/bin/false"), std::string("/nonexistent/pinentry")}) {
    GnupgHome home;
    write_file(fs::path(home.path()) / "gpg-agent.conf",
               "s2k-count 65536\nallow-loopback-pinentry\npinentry-program " + pinentry + "\n");
    home.must({"--passphrase", "secret", "--quick-generate-key", "auth.example.org", "ed25519", "sign,cert", "none"});
    const std::string key = home.fingerprints("=auth.example.org").at(0);
    // The agent remembers the passphrase of a key it has just made.
    run_program({"gpgconf", "--homedir", home.path(), "--kill", "gpg-agent"}, {});
    OperatorsEngine server(home, key);
    REQUIRE(server.opened);
    const std::string refusal = server.sign(gated(home.export_public(key)));
    INFO(refusal);
    CHECK(contains(refusal, "openpgp_unavailable"));
    CHECK(contains(refusal, "pinentry"));
  }
}

TEST_CASE("a pinentry that nobody answers holds up one signature and nothing else and not for ever") {
  GnupgHome home;
  const fs::path pinentry = fs::path(home.path()) / "pinentry.sh";
  const fs::path asked = fs::path(home.path()) / "asked";
  write_file(pinentry, "#!/bin/sh\ntouch " + asked.string() + "\nexec sleep 20\n");
  fs::permissions(pinentry, fs::perms::owner_all);
  write_file(fs::path(home.path()) / "gpg-agent.conf",
             "s2k-count 65536\nallow-loopback-pinentry\npinentry-program " + pinentry.string() + "\n");
  home.must({"--passphrase", "secret", "--quick-generate-key", "auth.example.org", "ed25519", "sign,cert", "none"});
  const std::string key = home.fingerprints("=auth.example.org").at(0);
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
  const std::string signature =
      home.must({"--passphrase", "secret", "--armor", "--detach-sign", "--local-user", key}, kText);
  run_program({"gpgconf", "--homedir", home.path(), "--kill", "gpg-agent"}, {});

  const ScratchFolder place;
  openpgp::gnupg::GpgmeOptions options = options_in(place.path());
  options.workers = 2;
  options.first_use_limit = std::chrono::seconds(3);
  const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(
                          openpgp::gnupg::GnupgServerKey{home.path(), Fingerprint::parse(key).value()}, options)
                          .value();
  Result<std::string> held_up;
  std::thread signer([&] { held_up = engine->sign(kText, now()); });
  for (int i = 0; i < 300 && !fs::exists(asked); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto facts =
      engine->verify(certificate, as_bytes(kText), openpgp::gate::admit_signature(signature).value(), now());
  REQUIRE(facts);
  CHECK(facts->valid);
  signer.join();
  REQUIRE_FALSE(held_up);
  CHECK(held_up.error().code == ErrorCode::openpgp_unavailable);
  CHECK(contains(held_up.error().detail, "did not answer in time"));
  CHECK(engine->inspect(certificate, now()));
  CHECK(engine->inspect(certificate, now()));
}

TEST_CASE("what the operator's gpg.conf makes of a signature is not sent out where it is weak") {
  GnupgHome home;
  const std::string key = home.make_key("rsa2048", "auth.example.org");
  const fs::path settings = fs::path(home.path()) / "gpg.conf";
  const std::string usual = read_file(settings);
  OperatorsEngine server(home, key);
  REQUIRE(server.opened);
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
  write_file(settings, usual + "digest-algo SHA1\n");
  CHECK(contains(server.sign(certificate), "weak"));
  write_file(settings, usual + "sig-notation !critical@example.org=1\n");
  CHECK(contains(server.sign(certificate), "openpgp_unavailable"));
  write_file(settings, usual + "armor\ntextmode\n");  // harmless
  const std::string with_text_mode = server.sign(certificate);
  CHECK((with_text_mode == key || contains(with_text_mode, "openpgp_unavailable")));
  write_file(settings, usual);
  CHECK(server.sign(certificate) == key);
}

TEST_CASE("S56 a key that is handed over is gone from disk when the engine is or its worker is killed") {
  const HandedOver server;
  const ScratchFolder place;
  {
    const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(server.secret, options_in(place.path())).value();
    CHECK(key_files_beneath(place.path()) == 2);  // primary and subkey, once
    for (const auto& entry : fs::recursive_directory_iterator(place.path())) {
      const auto mode = fs::status(entry.path()).permissions();
      INFO(entry.path());
      CHECK((mode & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
    }
    REQUIRE(engine->worker_pids().size() == 1);
    REQUIRE(::kill(engine->worker_pids()[0], SIGKILL) == 0);
    CHECK(engine->sign(kText, now()));
    CHECK(key_files_beneath(place.path()) == 2);  // the new worker's; the old one's are gone
  }
  CHECK(fs::is_empty(place.path()));
}

TEST_CASE("a worker whose agent has ended starts another one") {
  const HandedOver server;
  const ScratchFolder place;
  const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(server.secret, options_in(place.path())).value();
  const fs::path home = engine->run_folder() / "1" / "k";
  REQUIRE(fs::exists(home / "S.gpg-agent"));
  run_program({"gpgconf", "--homedir", home.string(), "--kill", "gpg-agent"}, {});
  const auto signature = engine->sign(kText, now());
  INFO((signature ? "" : signature.error().detail));
  CHECK(signature);
  CHECK(engine->worker_pids().size() == 1);
}

TEST_CASE("no agent is left when an engine is gone") {
  const HandedOver server;
  const ScratchFolder place;
  const auto agents = [&] {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "cmdline", std::ios::binary);
      const std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      if (contains(line, "gpg-agent") && contains(line, place.path().string())) ++count;
    }
    return count;
  };
  if (!fs::exists("/proc/self/cmdline")) {
    WARN("no /proc here, so processes cannot be listed");
    return;
  }
  {
    const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(server.secret, options_in(place.path())).value();
    CHECK(agents() == 1);
    CHECK(engine->generate({KeyKind::ed25519_cv25519, "auth.example.org", now()}));
  }
  for (int i = 0; i < 3000 && agents() != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(agents() == 0);
}

TEST_CASE("a certificate that gpg cannot read is refused and no fault of the engine's") {
  const ScratchFolder place;
  const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(Secret(), options_in(place.path())).value();
  const ForgedKey key(now() - Seconds(60));
  ForgedSignature certification;
  certification.signature_class = 0x13;
  certification.created_at = now() - Seconds(60);
  certification.hashed = {key_flags(3)};
  const auto inspect = [&](const std::vector<std::string>& user_ids) {
    Bytes packets = packet(6, key.body());
    for (const std::string& user_id : user_ids) {
      append(packets, packet(13, to_bytes(user_id)));
      append(packets, key.certify(certification, user_id));
    }
    const auto facts = engine->inspect(gated(to_string(packets)), now());
    return facts ? std::to_string(facts->user_ids.size()) : std::string(name_of(facts.error().code));
  };
  CHECK(inspect({"Alice"}) == "1");
  CHECK(inspect({std::string(3000, 'x')}) == "certificate_refused");  // gpg reads user ids of up to 2048 bytes
  // As much as the gate lets through.
  std::vector<std::string> many;
  for (char i = 0; i < 31; ++i) many.push_back(std::string(1900, '\\') + static_cast<char>('A' + i));
  CHECK(inspect(many) != "openpgp_unavailable");
  CHECK(inspect({"Alice"}) == "1");
}

TEST_CASE("many keys can be made one after the other by one engine") {
  const ScratchFolder place;
  const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(Secret(), options_in(place.path())).value();
  for (int i = 0; i < 5; ++i) {
    const auto made = engine->generate({KeyKind::nistp256, "auth.example.org", now()});
    INFO((made ? "" : made.error().detail));
    REQUIRE(made);
    CHECK(gated(to_string(made->certificate)).fingerprint() == made->fingerprint);
  }
  CHECK(key_files_beneath(place.path()) == 0);
}

// gpg does not stop its clock at the present second: where that ends between a gpg's start and its work, what it makes
// is from the next one. Many at once take long to start.
TEST_CASE("a key that is made as a second ends is whole in that second") {
  constexpr int kMade = 24;
  const ScratchFolder place;
  auto options = options_in(place.path());
  options.workers = kMade;
  const auto engine = openpgp::gnupg::GpgmeOpenPgp::open(Secret(), options).value();
  const Instant asked = now();
  std::vector<std::string> failures(kMade);
  std::vector<std::thread> makers;
  for (int i = 0; i < kMade; ++i) {
    makers.emplace_back([&, i] {
      std::this_thread::sleep_until(asked + std::chrono::milliseconds(1000 - 8 * i));
      const auto made = engine->generate({KeyKind::ed25519_cv25519, "auth.example.org", asked});
      const auto facts = made ? engine->inspect(gated(to_string(made->certificate)), asked)
                              : Result<CertificateFacts>(tl::unexpected<Error>(made.error()));
      const auto chosen = facts ? choose_encryption_key(*facts, asked) : tl::unexpected<Error>(facts.error());
      if (!chosen) failures[static_cast<std::size_t>(i)] = chosen.error().detail;
    });
  }
  for (std::thread& maker : makers) maker.join();
  CHECK(failures == std::vector<std::string>(kMade));
}
