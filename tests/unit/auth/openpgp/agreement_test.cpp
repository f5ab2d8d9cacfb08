// What takes away needs one engine, what grants needs both, and whatever else differs is a disagreement.
#include "auth/openpgp/agreement.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

namespace {

const Instant kMade = from_unix(1'700'000'000);
constexpr EngineNames kNames{"rnp", "gpgme"};

Fingerprint fingerprint(std::uint8_t fill) {
  return Fingerprint::from_bytes(Bytes(20, fill)).value();
}

KeyFacts key(std::uint8_t fill, bool encrypts = false) {
  KeyFacts facts;
  facts.fingerprint = fingerprint(fill);
  facts.algorithm = encrypts ? "cv25519" : "ed25519";
  facts.created_at = kMade;
  facts.can_certify = !encrypts;
  facts.can_sign = !encrypts;
  facts.can_encrypt = encrypts;
  return facts;
}

CertificateFacts certificate() {
  return {key(1), {key(2, true)}, {"Alice"}};
}

SignatureFacts signature() {
  return {1, true, fingerprint(1), fingerprint(1), "SHA256", kMade};
}

// Either engine may be the one that differs, and the answer is the same.
void for_either(const std::function<void(CertificateFacts&)>& change,
                const std::function<void(const Result<CertificateFacts>&)>& check) {
  CertificateFacts changed = certificate();
  change(changed);
  check(agree(kNames, changed, certificate()));
  check(agree(kNames, certificate(), changed));
}

void disputed(const std::function<void(CertificateFacts&)>& change) {
  for_either(change, [](const Result<CertificateFacts>& both) {
    REQUIRE_FALSE(both);
    CHECK(both.error().code == ErrorCode::engines_disagree);
  });
}

void disputed(const std::function<void(SignatureFacts&)>& change) {
  SignatureFacts changed = signature();
  change(changed);
  for (const auto& both : {agree(kNames, changed, signature()), agree(kNames, signature(), changed)}) {
    REQUIRE_FALSE(both);
    CHECK(both.error().code == ErrorCode::engines_disagree);
  }
}

}  // namespace

TEST_CASE("two engines that say the same of a certificate agree on it") {
  const auto both = agree(kNames, certificate(), certificate());
  REQUIRE(both);
  CHECK(both->primary.fingerprint == fingerprint(1));
  CHECK(both->primary.created_at == kMade);
  CHECK(both->primary.bound);
  CHECK(both->primary.can_certify);
  CHECK(both->primary.can_sign);
  CHECK_FALSE(both->primary.can_encrypt);
  CHECK_FALSE(both->primary.revoked);
  CHECK_FALSE(both->primary.expires_at);
  REQUIRE(both->subkeys.size() == 1);
  CHECK(both->subkeys[0].can_encrypt);
  CHECK(both->user_ids == std::vector<std::string>{"Alice"});
}

TEST_CASE("one engine suffices to find a key revoked") {
  for_either([](CertificateFacts& facts) { facts.primary.revoked = true; },
             [](const auto& both) { CHECK(both.value().primary.revoked); });
  for_either([](CertificateFacts& facts) { facts.subkeys[0].revoked = true; },
             [](const auto& both) { CHECK(both.value().subkeys[0].revoked); });
}

TEST_CASE("of two dates of expiry the earlier one counts and one is enough") {
  for_either([](CertificateFacts& facts) { facts.primary.expires_at = kMade + Seconds(9); },
             [](const auto& both) { CHECK(both.value().primary.expires_at == kMade + Seconds(9)); });
  CertificateFacts sooner = certificate();
  CertificateFacts later = certificate();
  sooner.subkeys[0].expires_at = kMade + Seconds(5);
  later.subkeys[0].expires_at = kMade + Seconds(6);
  CHECK(agree(kNames, sooner, later).value().subkeys[0].expires_at == kMade + Seconds(5));
  CHECK(agree(kNames, later, sooner).value().subkeys[0].expires_at == kMade + Seconds(5));
}

TEST_CASE("a key may do what both engines say it may") {
  for_either([](CertificateFacts& facts) { facts.primary.can_sign = false; },
             [](const auto& both) {
               CHECK_FALSE(both.value().primary.can_sign);
               CHECK(both.value().primary.can_certify);
             });
  for_either([](CertificateFacts& facts) { facts.primary.can_certify = false; },
             [](const auto& both) { CHECK_FALSE(both.value().primary.can_certify); });
  for_either([](CertificateFacts& facts) { facts.primary.can_encrypt = true; },
             [](const auto& both) { CHECK_FALSE(both.value().primary.can_encrypt); });
  for_either([](CertificateFacts& facts) { facts.subkeys[0].can_encrypt = false; },
             [](const auto& both) { CHECK_FALSE(both.value().subkeys[0].can_encrypt); });
}

TEST_CASE("a key that one engine finds unbound may do nothing") {
  for_either([](CertificateFacts& facts) { facts.subkeys[0].bound = false; },
             [](const auto& both) {
               CHECK_FALSE(both.value().subkeys[0].bound);
               CHECK_FALSE(both.value().subkeys[0].can_encrypt);
             });
  for_either([](CertificateFacts& facts) { facts.primary.bound = false; },
             [](const auto& both) {
               CHECK_FALSE(both.value().primary.bound);
               CHECK_FALSE(both.value().primary.can_sign);
               CHECK_FALSE(both.value().primary.can_certify);
             });
}

TEST_CASE("a user id is told where both engines tell it") {
  for_either([](CertificateFacts& facts) { facts.user_ids.insert(facts.user_ids.begin(), "Mallory"); },
             [](const auto& both) { CHECK(both.value().user_ids == std::vector<std::string>{"Alice"}); });
  for_either([](CertificateFacts& facts) { facts.user_ids.clear(); },
             [](const auto& both) { CHECK(both.value().user_ids.empty()); });
}

TEST_CASE("fingerprint and algorithm and creation time are not for two to choose from") {
  disputed([](CertificateFacts& facts) { facts.primary.fingerprint = fingerprint(9); });
  disputed([](CertificateFacts& facts) { facts.primary.algorithm = "rsa2048"; });
  disputed([](CertificateFacts& facts) { facts.primary.created_at += Seconds(1); });
  disputed([](CertificateFacts& facts) { facts.subkeys[0].algorithm = "nistp256"; });
  disputed([](CertificateFacts& facts) { facts.subkeys[0].created_at -= Seconds(1); });
}

TEST_CASE("a subkey that one engine vouches for and the other does not know is a disagreement") {
  disputed([](CertificateFacts& facts) { facts.subkeys.push_back(key(3)); });
  disputed([](CertificateFacts& facts) { facts.subkeys.clear(); });
  disputed([](CertificateFacts& facts) { facts.subkeys[0].fingerprint = fingerprint(3); });
  // Neither vouches for it: it is kept, so that a signature by it is named after its state.
  for_either(
      [](CertificateFacts& facts) {
        facts.subkeys.push_back(key(3));
        facts.subkeys.back().bound = false;
        facts.subkeys.back().revoked = true;
      },
      [](const auto& both) {
        REQUIRE(both.value().subkeys.size() == 2);
        CHECK(both.value().subkeys[1].fingerprint == fingerprint(3));
        CHECK_FALSE(both.value().subkeys[1].bound);
        CHECK(both.value().subkeys[1].revoked);
      });
}

TEST_CASE("under a primary that one engine finds unbound no subkey is bound and none is missed") {
  for_either(
      [](CertificateFacts& facts) {
        facts.primary.bound = false;
        facts.subkeys.clear();
      },
      [](const auto& both) {
        REQUIRE(both);
        CHECK_FALSE(both->subkeys.at(0).bound);
        CHECK_FALSE(both->subkeys.at(0).can_encrypt);
      });
}

TEST_CASE("the order in which engines list subkeys means nothing") {
  CertificateFacts first = certificate();
  first.subkeys.push_back(key(3));
  CertificateFacts second = first;
  std::swap(second.subkeys[0], second.subkeys[1]);
  const auto both = agree(kNames, first, second);
  REQUIRE(both);
  CHECK(both->subkeys[0].fingerprint == fingerprint(2));
  CHECK(both->subkeys[1].fingerprint == fingerprint(3));
}

TEST_CASE("a disagreement says what either engine found and nobody's name") {
  CertificateFacts other = certificate();
  other.primary.algorithm = "rsa1024";
  const auto both = agree(kNames, certificate(), other);
  REQUIRE_FALSE(both);
  CHECK(both.error().detail == "the algorithm of " + fingerprint(1).upper() + ": rnp says ed25519, gpgme says rsa1024");
}

TEST_CASE("a signature is valid where both engines verified the same") {
  const auto both = agree(kNames, signature(), signature());
  REQUIRE(both);
  CHECK(both->valid);
  CHECK(both->signing_key == fingerprint(1));
  disputed([](SignatureFacts& facts) { facts.valid = false; });
  disputed([](SignatureFacts& facts) { facts.signatures = 2; });
  disputed([](SignatureFacts& facts) { facts.primary = fingerprint(2); });
  disputed([](SignatureFacts& facts) { facts.signing_key = fingerprint(2); });
  disputed([](SignatureFacts& facts) { facts.hash = "SHA512"; });
  disputed([](SignatureFacts& facts) { facts.created_at += Seconds(1); });
}

TEST_CASE("of a signature that neither engine verifies there is nothing to disagree about") {
  SignatureFacts bad = signature();
  bad.valid = false;
  SignatureFacts nothing;
  for (const auto& both : {agree(kNames, bad, nothing), agree(kNames, nothing, bad)}) {
    REQUIRE(both);
    CHECK_FALSE(both->valid);
  }
}
