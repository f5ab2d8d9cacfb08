// One suite for every engine: key pairs that are made for somebody else, protected by a passphrase.
#include "auth/openpgp/enrollable.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/passphrase.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/gnupg_home.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

Result<GeneratedKey> make(OpenPgp& engine, std::string_view passphrase, std::string_view user_id = "alice") {
  const Secret secret(as_bytes(passphrase));
  return engine.generate({KeyKind::ed25519_cv25519, user_id, kNow, &secret});
}

ProgramRun sign_with(GnupgHome& home, const std::string& key, const std::string& passphrase) {
  return home.run({"--pinentry-mode", "loopback", "--passphrase", passphrase, "--local-user", key, "--detach-sign",
                   "--armor", "--output", "-"},
                  kText);
}

}  // namespace

TEST_CASE("S16 S60 a key made for somebody is Ed25519 and X25519 and protected at the highest cost") {
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    const GeneratedKey key = must(make(*openpgp, "correct horse"));
    CHECK(outcome_of(openpgp::gate::check_protected(key.secret_key.reveal())) == "ok");
    CHECK(must(openpgp::gate::fingerprint_of_secret_key(key.secret_key.reveal())) == key.fingerprint);
    // Not even as a server's own key, which is taken unprotected only.
    CHECK(outcome_of(engine.open(key.secret_key)) == "certificate_refused");

    const auto checked =
        must(check_enrollable(*openpgp, as_text(key.certificate), openpgp::gate::kCertificateReadBytesMax, kNow));
    CHECK(checked.certificate.fingerprint() == key.fingerprint);
    const CertificateFacts& facts = checked.facts;
    CHECK(facts.primary.algorithm == "ed25519");
    CHECK(facts.primary.created_at == kNow);
    CHECK(facts.primary.can_certify);
    CHECK(facts.primary.can_sign);
    CHECK_FALSE(facts.primary.expires_at);
    CHECK(facts.user_ids == std::vector<std::string>{"alice"});
    REQUIRE(facts.subkeys.size() == 1);
    CHECK(facts.subkeys[0].algorithm == "cv25519");
    CHECK(facts.subkeys[0].can_encrypt);
    CHECK_FALSE(facts.subkeys[0].expires_at);
  }
}

TEST_CASE("S16 the owner's GnuPG takes the key and opens it with the password and no other") {
  const std::string longest = std::string(kPassphraseBytesMax - 2, 'p') + "\xC3\xA9";
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    for (const std::string& passphrase : {std::string("correct horse"), std::string(" x "), longest}) {
      const GeneratedKey key = must(make(*openpgp, passphrase));
      GnupgHome home;
      home.set_time(kGpgNow);
      home.import(as_text(key.secret_key.reveal()));
      const std::string packets = home.must({"--list-packets"}, as_text(key.secret_key.reveal()));
      CHECK(packets.find("protect count: 65011712") != std::string::npos);
      CHECK(sign_with(home, key.fingerprint.upper(), passphrase + "x").exit_code != 0);
      const ProgramRun run = sign_with(home, key.fingerprint.upper(), passphrase);
      REQUIRE(run.exit_code == 0);
      CHECK(verdict(*openpgp, gated(key.certificate), kText, run.output, SignatureForm::detached) == "accepted");
    }
  }
}

TEST_CASE("S12 no key is made under a passphrase that is none") {
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    for (const std::string& none : {std::string(), std::string("a\nb"), std::string("\t"), std::string("\x7F"),
                                    std::string(kPassphraseBytesMax + 1, 'p'), std::string("a\0b", 3)}) {
      CHECK(outcome_of(make(*openpgp, none)) == "malformed_message");
    }
  }
}

TEST_CASE("a key made for somebody bears their name as it is") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const std::string& name :
         {std::string("-x"), std::string("a <b% (c) \"d\" \\e"), std::string("%no-protection"),
          std::string("zo\xC3\xAB@example.org"), std::string(128, 'n')}) {
      INFO(engine.name << " " << name);
      const GeneratedKey key = must(make(*openpgp, "correct horse", name));
      CHECK(outcome_of(openpgp::gate::check_protected(key.secret_key.reveal())) == "ok");
      CHECK(must(openpgp->inspect(gated(key.certificate), kNow)).user_ids == std::vector<std::string>{name});
    }
  }
}
