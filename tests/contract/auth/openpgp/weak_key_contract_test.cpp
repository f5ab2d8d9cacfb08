// One suite for every engine: certificates made by stock gpg that the policy or the gate refuses.
#include "auth/openpgp/policy.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

TEST_CASE("weak algorithms are named and refused for enrolment and for a signature") {
  GnupgHome home;
  home.set_time(kGpgNow);
  struct Row {
    const char* algorithm;
    const char* signature_verdict;
  };
  constexpr Row kRows[] = {
      {"rsa1024", "signature_policy"}, {"dsa2048", "signature_policy"}, {"secp256k1", "signature_policy"}};
  for (const Row& row : kRows) {
    const std::string key = home.make_key(row.algorithm, std::string("Alice with ") + row.algorithm);
    const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
    const std::string signature = home.detach_sign(key, kText, {"--digest-algo", "SHA256"});
    for (const Engine& engine : kEngines) {
      INFO(engine.name << " " << row.algorithm);
      const auto openpgp = open_without_key(engine);
      const CertificateFacts facts = must(openpgp->inspect(certificate, kNow));
      CHECK(facts.primary.algorithm == row.algorithm);
      CHECK(judge_certificate(facts, kNow).error().code == ErrorCode::key_policy);
      CHECK(choose_encryption_key(facts, kNow).error().code == ErrorCode::key_policy);
      CHECK(verdict(*openpgp, certificate, kText, signature, SignatureForm::detached) == row.signature_verdict);
    }
  }
}

TEST_CASE("a key that gpg revoked is revoked and one whose time is over has expired") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string revoked = home.make_key("ed25519", "Alice");
  const std::string brief = home.make_key("ed25519", "Bob", "2d");
  const std::string before = home.detach_sign(revoked, kText);
  home.revoke(revoked);
  const openpgp::gate::GatedCertificate alice = gated(home.export_public(revoked));
  const openpgp::gate::GatedCertificate bob = gated(home.export_public(brief));
  home.set_time("20260102T235959!");
  const std::string in_time = home.detach_sign(brief, kText);
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    CHECK(must(openpgp->inspect(alice, kNow)).primary.revoked);
    CHECK(verdict(*openpgp, alice, kText, before, SignatureForm::detached) == "key_revoked");
    // The challenge was issued in time, the response comes after.
    const Instant expiry = kNow + 2 * kDay;
    CHECK(judge_certificate(must(openpgp->inspect(bob, kNow)), kNow));
    CHECK(verdict(*openpgp, bob, kText, in_time, SignatureForm::detached, expiry - Seconds(1)) == "accepted");
    CHECK(verdict(*openpgp, bob, kText, in_time, SignatureForm::detached, expiry) == "key_expired");
    CHECK(judge_certificate(must(openpgp->inspect(bob, expiry)), expiry).error().code == ErrorCode::key_expired);
  }
}

TEST_CASE("a revocation certificate that gpg made revokes the certificate without it") {
  GnupgHome home;
  home.set_time(kGpgNow);
  for (const char* algorithm : {"ed25519", "rsa3072"}) {
    const std::string key = home.make_key(algorithm, std::string("Alice with ") + algorithm);
    const openpgp::gate::GatedCertificate certificate = gated(home.export_public(key));
    const std::string kept = read_file(home.path() + "/openpgp-revocs.d/" + key + ".rev");
    const auto revocation = must(openpgp::gate::admit_revocation(kept.substr(kept.find(":-----BEGIN") + 1)));
    const openpgp::gate::GatedCertificate revoked = must(revoked_certificate(certificate, revocation));
    for (const Engine& engine : kEngines) {
      INFO(engine.name << " " << algorithm);
      const auto openpgp = open_without_key(engine);
      CHECK_FALSE(must(openpgp->inspect(certificate, kNow)).primary.revoked);
      CHECK(must(openpgp->inspect(revoked, kNow)).primary.revoked);
    }
  }
}

TEST_CASE("a secret key that gpg exported is refused in both roles and never reaches an engine") {
  GnupgHome home;
  home.set_time(kGpgNow);
  const std::string key = home.make_key("ed25519", "Alice");
  for (const std::string& secret : {home.export_secret(key), home.export_secret_binary(key)}) {
    CHECK(openpgp::gate::admit_certificate(secret, openpgp::gate::kCertificateReadBytesMax).error().code ==
          ErrorCode::secret_key_handed_in);
    CHECK(openpgp::gate::admit_signature(secret).error().code == ErrorCode::secret_key_handed_in);
  }
}
