#include "auth/openpgp/policy.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

namespace {

const Instant kNow = from_unix(1'800'000'000);

Fingerprint fingerprint(std::uint8_t byte) {
  return Fingerprint::from_bytes(Bytes(20, byte)).value();
}

KeyFacts key(std::uint8_t id, const char* algorithm, bool certify, bool sign, bool encrypt) {
  KeyFacts facts;
  facts.fingerprint = fingerprint(id);
  facts.algorithm = algorithm;
  facts.created_at = kNow - Seconds(1000);
  facts.can_certify = certify;
  facts.can_sign = sign;
  facts.can_encrypt = encrypt;
  return facts;
}

// A primary (1) that signs, a subkey (2) that encrypts, a subkey (3) that signs.
CertificateFacts usual() {
  CertificateFacts facts;
  facts.primary = key(1, "ed25519", true, true, false);
  facts.subkeys = {key(2, "cv25519", false, false, true), key(3, "ed25519", false, true, false)};
  return facts;
}

// Why a key cannot do its work.
enum class Bar { algorithm, not_yet, expired, revoked };

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::failed : result.error().code;
}

}  // namespace

TEST_CASE("the table of algorithms says what may sign and what may encrypt") {
  struct Row {
    const char* algorithm;
    bool signs;
    bool encrypts;
  };
  constexpr Row kRows[] = {
      {"rsa1024", false, false},       {"rsa2047", false, false},
      {"rsa2048", true, true},         {"rsa3072", true, true},
      {"rsa4096", true, true},         {"rsa8192", true, true},
      {"rsa8193", false, false},       {"rsa16384", false, false},
      {"rsa", false, false},           {"rsa2048x", false, false},
      {"rsa-2048", false, false},      {"rsa99999999999999", false, false},
      {"ed25519", true, false},        {"cv25519", false, true},
      {"nistp256", true, true},        {"nistp384", true, true},
      {"nistp521", true, true},        {"brainpoolP256r1", true, true},
      {"brainpoolP384r1", true, true}, {"brainpoolP512r1", true, true},
      {"secp256k1", false, false},     {"dsa1024", false, false},
      {"dsa2048", false, false},       {"dsa3072", false, false},
      {"elg2048", false, false},       {"elg4096", false, false},
      {"ed448", false, false},         {"", false, false},
      {"SM2 SM2 P-256", false, false}, {"ED25519", false, false},
  };
  for (const Row& row : kRows) {
    INFO(row.algorithm);
    CHECK(may_sign(row.algorithm) == row.signs);
    CHECK(may_encrypt(row.algorithm) == row.encrypts);
  }
}

TEST_CASE("only SHA-256 and SHA-384 and SHA-512 are strong") {
  for (int hash = 0; hash < 256; ++hash) {
    CHECK(is_strong_hash(static_cast<std::uint8_t>(hash)) == (hash >= 8 && hash <= 10));
  }
  CHECK(strong_hash_name(8) == "SHA256");
  CHECK(strong_hash_name(9) == "SHA384");
  CHECK(strong_hash_name(10) == "SHA512");
  CHECK(strong_hash_name(2).empty());
}

TEST_CASE("only RSA and ECDSA and EdDSA are strong signature algorithms") {
  for (int each = 0; each < 256; ++each) {
    const bool strong = each == 1 || each == 3 || each == 19 || each == 22;
    CHECK(is_strong_signature_algorithm(static_cast<std::uint8_t>(each)) == strong);
  }
}

TEST_CASE("a usual certificate is good") {
  CHECK(judge_certificate(usual(), kNow));
}

TEST_CASE("a certificate is judged by its primary first") {
  CertificateFacts facts = usual();
  facts.primary.revoked = true;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_revoked);
  CHECK(code_of(choose_encryption_key(facts, kNow)) == ErrorCode::key_revoked);
  facts = usual();
  facts.primary.bound = false;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  CHECK(code_of(choose_encryption_key(facts, kNow)) == ErrorCode::key_policy);
  facts = usual();
  facts.primary.algorithm = "dsa2048";
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  facts = usual();
  facts.primary.created_at = kNow + Seconds(1);
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
}

TEST_CASE("a key expires at its expiry instant and not after it") {
  CertificateFacts facts = usual();
  facts.primary.expires_at = kNow;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_expired);
  CHECK(code_of(choose_encryption_key(facts, kNow)) == ErrorCode::key_expired);
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::key_expired);
  CHECK(judge_certificate(facts, kNow - Seconds(1)));
}

TEST_CASE("a certificate needs a key that signs and one that encrypts") {
  CertificateFacts facts = usual();
  facts.primary.can_sign = false;
  CHECK(judge_certificate(facts, kNow));  // the subkey signs
  facts.subkeys[1].revoked = true;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_revoked);
  facts.subkeys.pop_back();
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  facts = usual();
  facts.subkeys[0].expires_at = kNow;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_expired);
  facts.subkeys[0] = key(2, "elg2048", false, false, true);
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  facts.subkeys.erase(facts.subkeys.begin());
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  CHECK(judge_certificate(facts, kNow).error().detail == "there is no key that encrypts");
  facts.subkeys.push_back(key(2, "cv25519", false, false, true));
  facts.subkeys.back().bound = false;
  CHECK(judge_certificate(facts, kNow).error().detail.starts_with("no key that encrypts is bound to the primary"));
  facts.subkeys.back().revoked = true;
  CHECK(judge_certificate(facts, kNow).error().detail == "there is no key that encrypts");
}

TEST_CASE("a subkey of an algorithm that is not accepted is named, as long as it is in use") {
  CertificateFacts facts = usual();
  CHECK(unaccepted_subkeys(facts, kNow).empty());
  facts.subkeys.push_back(key(5, "dsa2048", false, true, false));
  facts.subkeys.push_back(key(6, "rsa1024", false, false, true));
  const auto lines = unaccepted_subkeys(facts, kNow);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "the subkey " + fingerprint(5).upper() +
                        ", since dsa2048 is not accepted: sign with another, `gpg --clearsign -u FINGERPRINT!`");
  CHECK(lines[1] == "the subkey " + fingerprint(6).upper() + ", since rsa1024 is not accepted");
  facts.subkeys[2].revoked = true;
  facts.subkeys[3].expires_at = kNow;
  CHECK(unaccepted_subkeys(facts, kNow).empty());
}

TEST_CASE("the newest good subkey encrypts and the primary only where no subkey does") {
  CertificateFacts facts = usual();
  facts.subkeys.push_back(key(4, "cv25519", false, false, true));
  facts.subkeys.back().created_at = kNow - Seconds(10);
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(4));
  facts.subkeys.back().created_at = kNow + Seconds(10);
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(2));
  facts.subkeys.back().created_at = kNow - Seconds(10);
  facts.subkeys.back().bound = false;
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(2));
  facts.primary = key(1, "rsa3072", true, true, true);
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(2));
  facts.subkeys.clear();
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(1));
}

TEST_CASE("a signing key is the primary or a bound subkey that signs") {
  CertificateFacts facts = usual();
  CHECK(judge_signing_key(facts, fingerprint(1), kNow)->fingerprint == fingerprint(1));
  CHECK(judge_signing_key(facts, fingerprint(3), kNow)->fingerprint == fingerprint(3));
  CHECK(code_of(judge_signing_key(facts, fingerprint(2), kNow)) == ErrorCode::signature_policy);
  CHECK(code_of(judge_signing_key(facts, fingerprint(9), kNow)) == ErrorCode::signature_by_another_key);
  CHECK(code_of(judge_signing_key(facts, Fingerprint(), kNow)) == ErrorCode::signature_by_another_key);
  facts.subkeys[1].bound = false;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_by_another_key);
}

TEST_CASE("a signing key is refused for its own state and for its primary's") {
  CertificateFacts facts = usual();
  facts.subkeys[1].revoked = true;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::key_revoked);
  // A key that is not made for the work or too weak is called that, whatever became of the primary.
  facts.primary.revoked = true;
  facts.subkeys[1].can_sign = false;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_policy);
  facts.subkeys[1].can_sign = true;
  facts.subkeys[1].algorithm = "rsa1024";
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_policy);
  facts = usual();
  facts.subkeys[1].expires_at = kNow;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::key_expired);
  facts = usual();
  facts.subkeys[1].algorithm = "dsa2048";
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_policy);
  facts = usual();
  facts.subkeys[1].created_at = kNow + Seconds(1);
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_policy);
  facts = usual();
  facts.primary.revoked = true;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::key_revoked);
  facts = usual();
  facts.primary.bound = false;
  CHECK(code_of(judge_signing_key(facts, fingerprint(3), kNow)) == ErrorCode::signature_policy);
}

TEST_CASE("when a key ends that nobody vouches for is nobody's word") {
  CertificateFacts facts = usual();
  facts.primary.bound = false;
  facts.primary.expires_at = kNow - Seconds(1);
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
  facts.primary.revoked = true;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_revoked);
}

TEST_CASE("a key that is still to be made has no state") {
  CertificateFacts facts = usual();
  facts.primary.created_at = kNow + Seconds(1);
  facts.primary.revoked = true;
  CHECK(code_of(judge_certificate(facts, kNow)) == ErrorCode::key_policy);
}

TEST_CASE("a key may work from the second on in which it was made") {
  CertificateFacts facts = usual();
  facts.primary.created_at = kNow;
  for (KeyFacts& subkey : facts.subkeys) subkey.created_at = kNow;
  CHECK(judge_certificate(facts, kNow));
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(2));
  CHECK(judge_signing_key(facts, fingerprint(3), kNow)->fingerprint == fingerprint(3));
}

TEST_CASE("of two subkeys of one age the first encrypts") {
  CertificateFacts facts = usual();
  facts.subkeys.push_back(key(4, "cv25519", false, false, true));
  CHECK(choose_encryption_key(facts, kNow)->fingerprint == fingerprint(2));
}

TEST_CASE("of several keys that cannot do the work the best reason is told") {
  const auto reason = [](const std::vector<Bar>& bars, bool encrypts) {
    CertificateFacts facts = usual();
    facts.primary.can_sign = encrypts;
    facts.subkeys = {key(9, encrypts ? "ed25519" : "cv25519", false, encrypts, !encrypts)};
    for (const Bar bar : bars) {
      KeyFacts one = key(static_cast<std::uint8_t>(10 + facts.subkeys.size()), encrypts ? "cv25519" : "ed25519", false,
                         !encrypts, encrypts);
      if (bar == Bar::algorithm) one.algorithm = "rsa1024";
      if (bar == Bar::not_yet) one.created_at = kNow + Seconds(1);
      if (bar == Bar::expired) one.expires_at = kNow;
      if (bar == Bar::revoked) one.revoked = true;
      facts.subkeys.push_back(one);
    }
    return judge_certificate(facts, kNow).error().detail;
  };
  for (const bool encrypts : {false, true}) {
    const std::string key = std::string("the key that ") + (encrypts ? "encrypts" : "signs");
    CHECK(reason({}, encrypts) == std::string("there is no key that ") + (encrypts ? "encrypts" : "signs"));
    const std::vector<std::pair<Bar, std::string>> rising = {
        {Bar::algorithm, key + " is of an algorithm or size that is not accepted"},
        {Bar::not_yet, key + " was made in the future: is a clock wrong?"},
        {Bar::expired, key + " has expired"},
        {Bar::revoked, key + " is revoked"}};
    for (std::size_t i = 0; i < rising.size(); ++i) {
      CHECK(reason({rising[i].first}, encrypts) == rising[i].second);
      for (std::size_t less = 0; less < i; ++less) {
        CHECK(reason({rising[i].first, rising[less].first}, encrypts) == rising[i].second);
        CHECK(reason({rising[less].first, rising[i].first}, encrypts) == rising[i].second);
      }
    }
  }
}
