// One suite for every engine: what a sealed text looks like from outside, and whom it proves.
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signed_message.hpp"
#include "auth/openpgp/policy.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/gnupg_home.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

struct Server {
  std::unique_ptr<OpenPgp> engine;
  openpgp::gate::GatedCertificate certificate;
};

Server make_server(const Engine& engine, KeyKind kind) {
  const auto key = must(open_without_key(engine)->generate({kind, "auth.example.org", kNow}));
  return {must(engine.open(key.secret_key)), gated(key.certificate)};
}

std::string seal(OpenPgp& engine, const openpgp::gate::GatedCertificate& recipient, bool hide,
                 std::string_view text = kText) {
  const CertificateFacts facts = must(engine.inspect(recipient, kNow));
  const KeyFacts key = must(choose_encryption_key(facts, kNow));
  return must(engine.seal({recipient, key.fingerprint, text, hide, kNow}));
}

// The signed packets, as the client takes them out of a message.
openpgp::gate::SignedMessage open_with_gpg(GnupgHome& home, const std::string& message) {
  const ProgramRun run = home.decrypt(message, {"-q", "--unwrap"});
  INFO(run.error);
  return must(openpgp::gate::take_signed_message(as_bytes(run.output)));
}

}  // namespace

TEST_CASE("a sealed text is one session key and integrity protected data and nothing else") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_key("ed25519", "Alice");
  const openpgp::gate::GatedCertificate recipient = gated(home.export_public(key));
  for (const Engine& engine : kEngines) {
    const Server server = make_server(engine, KeyKind::ed25519_cv25519);
    for (const bool hide : {true, false}) {
      const std::string message = seal(*server.engine, recipient, hide);
      CHECK(message.substr(0, 29) == "-----BEGIN PGP MESSAGE-----\n\n");
      const Bytes packets = must(openpgp::gate::dearmor("PGP MESSAGE", message));
      openpgp::gate::PacketReader reader(packets);
      const openpgp::gate::Packet session_key = must(reader.next());
      const openpgp::gate::Packet data = must(reader.next());
      CHECK(reader.at_end());
      CHECK(session_key.tag == gate::tag::kSessionKey);
      CHECK(data.tag == gate::tag::kIntegrityProtected);
      CHECK(data.body[0] == 1);
      const CertificateFacts facts = must(server.engine->inspect(recipient, kNow));
      const ByteView expected = facts.subkeys.at(0).fingerprint.key_id();
      const Bytes shown(expected.begin(), expected.end());
      const ByteView found = session_key.body.subspan(1, 8);
      CHECK(Bytes(found.begin(), found.end()) == (hide ? Bytes(8, 0) : shown));
      const std::string listing = home.decrypt(message, {"-v"}).error;
      CHECK(listing.find("AES256 encrypted data") != std::string::npos);
    }
  }
}

TEST_CASE("a text sealed twice is two messages that show nothing of it") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_key("ed25519", "Alice");
  const openpgp::gate::GatedCertificate recipient = gated(home.export_public(key));
  for (const Engine& engine : kEngines) {
    const Server server = make_server(engine, KeyKind::ed25519_cv25519);
    const std::string first = seal(*server.engine, recipient, true);
    const std::string second = seal(*server.engine, recipient, true);
    CHECK(first != second);
    for (const std::string* message : {&first, &second}) {
      CHECK(to_string(must(openpgp::gate::dearmor("PGP MESSAGE", *message))).find("nonce") == std::string::npos);
    }
  }
}

TEST_CASE("S02 a sealed text proves its server to who knows nothing but the fingerprint") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_key("ed25519", "Alice");
  const openpgp::gate::GatedCertificate recipient = gated(home.export_public(key));
  for (const Engine& engine : kEngines) {
    for (const KeyKind kind : {KeyKind::ed25519_cv25519, KeyKind::rsa2048, KeyKind::nistp521}) {
      const Server server = make_server(engine, kind);
      const Server impostor = make_server(engine, kind);
      const auto client = open_without_key(engine);
      for (const std::string& text : {kText, std::string("\xC3\xA4 - no line end"), std::string(20'000, 'x')}) {
        const openpgp::gate::SignedMessage message = open_with_gpg(home, seal(*server.engine, recipient, true, text));
        CHECK(message.text == text);
        REQUIRE(message.key_block);
        CHECK(message.key_block->fingerprint() == server.certificate.fingerprint());
        const auto accept = [&](const openpgp::gate::GatedCertificate& by) {
          const auto accepted = accept_signature(*client, by, message.text, message.signature, SignatureForm::detached,
                                                 {kNow, kNow}, kNow);
          return accepted ? "accepted" : std::string(name_of(accepted.error().code));
        };
        CHECK(accept(*message.key_block) == "accepted");
        CHECK(accept(server.certificate) == "accepted");
        CHECK(accept(impostor.certificate) == "signature_by_another_key");
      }
    }
  }
}

TEST_CASE("a server whose primary key is kept elsewhere signs with its subkey") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string alice = home.make_key("ed25519", "Alice");
  const openpgp::gate::GatedCertificate recipient = gated(home.export_public(alice));
  const std::string server_key = home.make_primary("ed25519", "auth.example.org", "cert");
  const std::string older = home.add_subkey(server_key, "ed25519", "sign");
  home.set_time("20260102T000000!");
  const std::string newer = home.add_subkey(server_key, "ed25519", "sign");
  const std::string secret = home.must({"--export-secret-subkeys", server_key});
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(server_key));
  for (const Engine& engine : kEngines) {
    const auto openpgp = must(engine.open(Secret(as_bytes(secret))));
    const auto signed_on = [&](Instant now) {
      const auto signature = must(openpgp::gate::admit_signature(must(openpgp->sign(kText, now))));
      const auto accepted =
          accept_signature(*openpgp, certificate, kText, signature, SignatureForm::detached, {now, now}, now);
      return must(accepted).signing_key.upper();
    };
    CHECK(signed_on(kNow) == older);
    CHECK(signed_on(kNow + kDay) == newer);
    CHECK(signed_on(kNow) == older);
    const openpgp::gate::SignedMessage message = open_with_gpg(home, seal(*openpgp, recipient, true));
    REQUIRE(message.key_block);
    const CertificateFacts facts = must(openpgp->inspect(*message.key_block, kNow));
    REQUIRE(facts.subkeys.size() == 1);  // the one that signed, and no more
    CHECK(facts.subkeys[0].fingerprint.upper() == older);
  }
}

TEST_CASE("a server's key that has expired signs nothing") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_primary("ed25519", "auth.example.org", "sign,cert", "2d");
  const Secret secret{as_bytes(home.export_secret_binary(key))};
  for (const Engine& engine : kEngines) {
    const auto openpgp = must(engine.open(secret));
    CHECK(openpgp->sign(kText, kNow + 2 * kDay - Seconds(1)));
    CHECK(openpgp->sign(kText, kNow + 2 * kDay).error().code == ErrorCode::openpgp_unavailable);
    CHECK(openpgp->sign(kText, kNow));
  }
}

TEST_CASE("a server's key that a passphrase protects is refused at the start") {
  GnupgHome home;
  home.set_time(kGpgNow);
  home.must({"--passphrase", "password", "--quick-generate-key", "auth.example.org", "ed25519", "sign,cert", "none"});
  const std::string secret = home.must({"--passphrase", "password", "--export-secret-keys", "auth.example.org"});
  for (const Engine& engine : kEngines) {
    CHECK(engine.open(Secret(as_bytes(secret))).error().code == ErrorCode::certificate_refused);
  }
}
