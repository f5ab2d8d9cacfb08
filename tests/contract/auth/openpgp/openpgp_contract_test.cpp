// One suite for every engine: algorithms, forms, sealing.
#include "auth/openpgp/gate/armor.hpp"
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

Server make_server(const Engine& engine, KeyKind kind, Instant now = kNow) {
  const auto key = must(open_without_key(engine)->generate({kind, "auth.example.org", now}));
  return {must(engine.open(key.secret_key)), gated(to_string(key.certificate))};
}

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

struct Algorithm {
  const char* gpg;
  const char* primary;
  const char* encryption;
};
constexpr Algorithm kAlgorithms[] = {
    {"ed25519", "ed25519", "cv25519"},
    {"rsa2048", "rsa2048", "rsa2048"},
    {"rsa3072", "rsa3072", "rsa3072"},
    {"nistp256", "nistp256", "nistp256"},
    {"nistp384", "nistp384", "nistp384"},
    {"nistp521", "nistp521", "nistp521"},
    {"brainpoolP256r1", "brainpoolP256r1", "brainpoolP256r1"},
    {"brainpoolP512r1", "brainpoolP512r1", "brainpoolP512r1"},
};

void check_algorithm(const Engine& engine, const Algorithm& algorithm) {
  INFO(engine.name << " " << algorithm.gpg);
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_key(algorithm.gpg, "Alice <alice@example.org>");
  const std::string subkey = home.add_subkey(key, algorithm.gpg, "sign");
  const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
  const auto openpgp = open_without_key(engine);

  const CertificateFacts facts = must(openpgp->inspect(certificate, kNow));
  CHECK(facts.primary.fingerprint.upper() == key);
  CHECK(facts.primary.algorithm == algorithm.primary);
  CHECK(facts.primary.created_at == kNow);
  CHECK(facts.primary.bound);
  CHECK(facts.primary.can_certify);
  CHECK(facts.primary.can_sign);
  CHECK_FALSE(facts.primary.can_encrypt);
  CHECK_FALSE(facts.primary.revoked);
  CHECK_FALSE(facts.primary.expires_at);
  CHECK(facts.user_ids == std::vector<std::string>{"Alice <alice@example.org>"});
  REQUIRE(facts.subkeys.size() == 2);
  CHECK(facts.subkeys[0].algorithm == algorithm.encryption);
  CHECK(facts.subkeys[0].can_encrypt);
  CHECK_FALSE(facts.subkeys[0].can_sign);
  CHECK(facts.subkeys[1].fingerprint.upper() == subkey);
  CHECK(facts.subkeys[1].can_sign);
  CHECK(facts.subkeys[1].bound);
  CHECK(judge_certificate(facts, kNow).has_value());

  for (const std::string& signer : {key + "!", subkey + "!"}) {
    const std::string clear = home.clearsign(signer, kText);
    CHECK(verdict(*openpgp, certificate, kText, clear_signature(clear), SignatureForm::clear_signed) == "accepted");
    CHECK(verdict(*openpgp, certificate, kText, clear_signature(with_crlf(clear)), SignatureForm::clear_signed) ==
          "accepted");
    const std::string detached = home.detach_sign(signer, kText);
    CHECK(verdict(*openpgp, certificate, kText, detached, SignatureForm::detached) == "accepted");
    CHECK(verdict(*openpgp, certificate, kText, with_crlf(detached), SignatureForm::detached) == "accepted");
    const std::string text_mode = home.detach_sign(signer, kText, {"--textmode"});
    CHECK(verdict(*openpgp, certificate, kText, text_mode, SignatureForm::detached) == "accepted");
    const SignatureFacts signature =
        must(openpgp->verify(certificate, as_bytes(kText), must(openpgp::gate::admit_signature(detached)), kNow));
    CHECK(signature.valid);
    CHECK(signature.signatures == 1);
    CHECK(signature.primary.upper() == key);
    CHECK(signature.signing_key.upper() + "!" == signer);
    CHECK(signature.created_at == kNow);
  }
}

}  // namespace

TEST_CASE("every accepted algorithm signs by primary and by subkey in every form") {
  for (const Engine& engine : kEngines) {
    for (const Algorithm& algorithm : kAlgorithms) check_algorithm(engine, algorithm);
  }
}

TEST_CASE("RSA 4096 signs by primary and by subkey in every form", "[.long]") {
  for (const Engine& engine : kEngines) check_algorithm(engine, {"rsa4096", "rsa4096", "rsa4096"});
}

TEST_CASE("a signature over other bytes is not valid and no error either") {
  for (const Engine& engine : kEngines) {
    GnupgHome home;
    home.set_time(kGpgNow);
    const std::string key = home.make_key("ed25519", "Alice");
    const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
    const auto openpgp = open_without_key(engine);
    const auto signature = must(openpgp::gate::admit_signature(home.detach_sign(key, kText)));
    CHECK(must(openpgp->verify(certificate, as_bytes(kText), signature, kNow)).valid);
    CHECK_FALSE(must(openpgp->verify(certificate, as_bytes(kText + " "), signature, kNow)).valid);
    CHECK_FALSE(must(openpgp->verify(certificate, {}, signature, kNow)).valid);
  }
}

TEST_CASE("S09 a signature by another key is not valid") {
  for (const Engine& engine : kEngines) {
    GnupgHome home;
    home.set_time(kGpgNow);
    const std::string alice = home.make_key("ed25519", "Alice");
    const std::string bob = home.make_key("ed25519", "Bob");
    const auto openpgp = open_without_key(engine);
    const std::string signature = home.detach_sign(bob, kText);
    CHECK(verdict(*openpgp, gated(home.export_public(bob)), kText, signature, SignatureForm::detached) == "accepted");
    CHECK(verdict(*openpgp, gated(home.export_public(alice)), kText, signature, SignatureForm::detached) ==
          "signature_by_another_key");
  }
}

TEST_CASE("a sealed text opens with stock gpg and carries a good signature") {
  GnupgHome home;
  home.set_time(kGpgNow);
  std::vector<std::string> keys;
  for (const char* const algorithm : {"ed25519", "rsa2048", "nistp256", "brainpoolP256r1"}) {
    keys.push_back(home.make_key(algorithm, std::string("Alice with ") + algorithm));
  }
  for (const Engine& engine : kEngines) {
    for (const KeyKind kind : {KeyKind::ed25519_cv25519, KeyKind::rsa2048, KeyKind::nistp384}) {
      const Server server = make_server(engine, kind);
      for (const std::string& key : keys) {
        const bool hide = key != keys.back();
        INFO(engine.name << " " << static_cast<int>(kind) << " " << hide);
        const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
        const auto facts = must(server.engine->inspect(certificate, kNow));
        const auto encryption = must(choose_encryption_key(facts, kNow));
        const std::string message = must(server.engine->seal({certificate, encryption.fingerprint, kText, hide, kNow}));
        CHECK(message.find(':') == std::string::npos);  // no armor headers
        const ProgramRun stranger = home.decrypt(message, {"-q"});
        CHECK(stranger.output == kText);
        CHECK(stranger.error.find("BADSIG") == std::string::npos);  // a fingerprint can hold BAD
      }
      home.import(server.certificate.armored());
      const openpgp::gate::GatedCertificate certificate = gated(home.export_public(keys[0]));
      const auto facts = must(server.engine->inspect(certificate, kNow));
      const auto encryption = must(choose_encryption_key(facts, kNow));
      const std::string message = must(server.engine->seal({certificate, encryption.fingerprint, kText, true, kNow}));
      const ProgramRun friendly = home.decrypt(message, {"-q"});
      CHECK(friendly.output == kText);
      CHECK(friendly.exit_code == 0);
      CHECK(friendly.error.find("Good signature from \"auth.example.org\"") != std::string::npos);
    }
  }
}
