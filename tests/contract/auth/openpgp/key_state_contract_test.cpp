// One suite for every engine: what self-signatures say of keys, and what becomes of signatures then.
#include <algorithm>

#include "auth/openpgp/policy.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::uint8_t kCertify = 1;
constexpr std::uint8_t kSign = 2;
const std::string kUserId = "Alice";
const Instant kMade = kNow - 30 * kDay;

ForgedSignature self_signature(std::uint8_t signature_class, std::vector<Bytes> hashed, Instant created_at = kMade,
                               std::uint8_t hash = 8) {
  ForgedSignature what;
  what.signature_class = signature_class;
  what.hash = hash;
  what.created_at = created_at;
  what.hashed = std::move(hashed);
  return what;
}

// A primary that certifies and signs, with whatever else a test puts behind it.
struct Forger {
  ForgedKey primary{kMade};
  Bytes head = packet(6, primary.body());
  Bytes user_id = packet(13, to_bytes(kUserId));
  Bytes certification = primary.certify(self_signature(0x13, {key_flags(kCertify | kSign)}), kUserId);

  Bytes usual() const { return concat({head, user_id, certification}); }
  std::string signature(Instant at = kNow, std::uint8_t hash = 8) const {
    ForgedSignature what;
    what.created_at = at;
    what.hash = hash;
    return to_string(primary.sign_document(what, kText));
  }
};

std::string signature_by(const ForgedKey& key, Instant at = kNow) {
  ForgedSignature what;
  what.created_at = at;
  return to_string(key.sign_document(what, kText));
}

std::string judge(OpenPgp& engine, const Bytes& certificate, const std::string& signature, Instant now = kNow) {
  return verdict(engine, gated(certificate), kText, signature, SignatureForm::detached, now);
}

}  // namespace

TEST_CASE("a forged key that is in order is accepted so that the others fail for their reason alone") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    CHECK(judge(*openpgp, forger.usual(), forger.signature()) == "accepted");
    const CertificateFacts facts = must(openpgp->inspect(gated(forger.usual()), kNow));
    CHECK(facts.primary.fingerprint == forger.primary.fingerprint());
    CHECK(facts.primary.created_at == kMade);
    CHECK(facts.primary.bound);
    CHECK(facts.user_ids == std::vector<std::string>{kUserId});
    const Bytes direct = concat({forger.head, forger.primary.sign_key(self_signature(0x1F, {key_flags(3)})),
                                 forger.user_id, forger.certification});
    CHECK(judge(*openpgp, direct, forger.signature()) == "accepted");
  }
}

TEST_CASE("S09 a data signature with SHA-1 or MD5 is refused") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow, 10)) == "accepted");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow, 2)) == "signature_policy");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow, 1)) == "signature_policy");
  }
}

TEST_CASE("S09 the signature's own time is judged and a little ahead of the clock is no expiry") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow + Seconds(240))) == "accepted");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow - Seconds(300))) == "accepted");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow + Seconds(301))) == "signature_time");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow - Seconds(301))) == "signature_time");
    CHECK(judge(*openpgp, forger.usual(), forger.signature(kNow + 3650 * kDay)) == "signature_time");
  }
}

TEST_CASE("a self-signature with SHA-1 or MD5 vouches for nothing") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    for (const std::uint8_t hash : {std::uint8_t{1}, std::uint8_t{2}}) {
      for (const Instant made : {kMade, kMade - 3650 * kDay}) {
        const ForgedKey key(made);
        const Bytes certificate = concat({packet(6, key.body()), forger.user_id,
                                          key.certify(self_signature(0x13, {key_flags(3)}, made, hash), kUserId)});
        INFO(static_cast<int>(hash));
        const CertificateFacts facts = must(openpgp->inspect(gated(certificate), kNow));
        CHECK_FALSE(facts.primary.bound);
        CHECK(facts.user_ids.empty());
        CHECK(judge_certificate(facts, kNow).error().code == ErrorCode::key_policy);
        CHECK(judge(*openpgp, certificate, signature_by(key)) == "signature_policy");
      }
    }
  }
}

TEST_CASE("a revocation counts whatever its hash") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const std::uint8_t hash : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{8}}) {
      const Forger forger;
      const Bytes revocation =
          forger.primary.sign_key(self_signature(0x20, {subpacket(29, Bytes{2})}, kNow - kDay, hash));
      const Bytes certificate = concat({forger.head, revocation, forger.user_id, forger.certification});
      INFO(static_cast<int>(hash));
      const CertificateFacts facts = must(openpgp->inspect(gated(certificate), kNow));
      CHECK(facts.primary.revoked);
      CHECK(judge_certificate(facts, kNow).error().code == ErrorCode::key_revoked);
      CHECK(judge(*openpgp, certificate, forger.signature()) == "key_revoked");
    }
  }
}

TEST_CASE("a revocation counts whatever the clock says") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes revocation = forger.primary.sign_key(self_signature(0x20, {subpacket(29, Bytes{2})}, kMade));
    const Bytes certificate = concat({forger.head, revocation, forger.user_id, forger.certification});
    for (const Instant now : {kMade - kDay, kMade, kNow + 3650 * kDay}) {
      INFO(engine.name << " at " << format_time(now));
      CHECK(must(openpgp->inspect(gated(certificate), now)).primary.revoked);
    }
  }
}

TEST_CASE("a certificate without a user id stands on its direct signature") {
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes direct = forger.primary.sign_key(self_signature(0x1F, {key_flags(kCertify | kSign)}));
    const Bytes certificate = concat({forger.head, direct});
    const CertificateFacts facts = must(openpgp->inspect(gated(certificate), kNow));
    CHECK(facts.primary.bound);
    CHECK(facts.primary.can_sign);
    CHECK(facts.user_ids.empty());
    CHECK(judge(*openpgp, certificate, forger.signature()) == "accepted");
    CHECK_FALSE(must(openpgp->inspect(gated(forger.head), kNow)).primary.bound);
  }
}

TEST_CASE("what a key itself says of its user ids is told as it was written") {
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const std::vector<std::string> names = {"Alice",    "a:b\\x3a\\",          "two\nlines\r\t", "\xC3\xA4\xE2\x80\xAE",
                                            "\xFF\xFE", std::string(2000, 'x')};
    Bytes certificate = forger.head;
    for (const std::string& name : names) {
      append(certificate, packet(13, to_bytes(name)));
      append(certificate, forger.primary.certify(self_signature(0x13, {key_flags(kCertify | kSign)}), name));
    }
    std::vector<std::string> told = must(openpgp->inspect(gated(certificate), kNow)).user_ids;
    std::vector<std::string> expected = names;
    std::sort(told.begin(), told.end());
    std::sort(expected.begin(), expected.end());
    CHECK(told == expected);
  }
}

TEST_CASE("a self-signature that has expired by its own word vouches for nothing") {
  for (const Engine& engine : kEngines) {
    INFO(engine.name);
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes ten_days = subpacket(3, integer(10 * 86400, 4));
    const Bytes certificate =
        concat({forger.head, forger.user_id,
                forger.primary.certify(self_signature(0x13, {key_flags(kCertify | kSign), ten_days}), kUserId)});
    CHECK(must(openpgp->inspect(gated(certificate), kMade + 9 * kDay)).primary.bound);
    CHECK_FALSE(must(openpgp->inspect(gated(certificate), kMade + 10 * kDay + Seconds(1))).primary.bound);
  }
}

TEST_CASE("a revocation that the key did not make counts for nothing") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    Bytes broken = forger.primary.sign_key(self_signature(0x20, {}, kNow - kDay));
    broken.back() ^= 1;
    const Bytes certificate = concat({forger.head, broken, forger.user_id, forger.certification});
    CHECK_FALSE(must(openpgp->inspect(gated(certificate), kNow)).primary.revoked);
    CHECK(judge(*openpgp, certificate, forger.signature()) == "accepted");
  }
}

TEST_CASE("a key expires for a cached certificate too") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes certificate =
        concat({forger.head, forger.user_id,
                forger.primary.certify(self_signature(0x13, {key_flags(3), key_lifetime(40 * kDay)}), kUserId)});
    const Instant expiry = kMade + 40 * kDay;
    CHECK(must(openpgp->inspect(gated(certificate), kNow)).primary.expires_at == expiry);
    CHECK(judge(*openpgp, certificate, forger.signature()) == "accepted");
    CHECK(judge(*openpgp, certificate, forger.signature(expiry - Seconds(1)), expiry - Seconds(1)) == "accepted");
    CHECK(judge(*openpgp, certificate, forger.signature(expiry), expiry) == "key_expired");
    CHECK(judge(*openpgp, certificate, forger.signature(expiry - Seconds(1)), expiry) == "key_expired");
    CHECK(judge(*openpgp, certificate, forger.signature()) == "accepted");  // and back again
  }
}

TEST_CASE("of several self-signatures the latest one speaks") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const auto certification = [&](Instant at, Seconds lifetime) {
      return forger.primary.certify(self_signature(0x13, {key_flags(3), key_lifetime(lifetime)}, at), kUserId);
    };
    const Bytes shorter = certification(kMade + kDay, 31 * kDay);
    const Bytes longer = certification(kMade + 2 * kDay, 60 * kDay);
    for (const Bytes& both : {concat({shorter, longer}), concat({longer, shorter})}) {
      const Bytes certificate = concat({forger.head, forger.user_id, both});
      CHECK(must(openpgp->inspect(gated(certificate), kNow)).primary.expires_at == kMade + 60 * kDay);
    }
    const Bytes cut_short = certification(kMade + 3 * kDay, 20 * kDay);
    const Bytes certificate = concat({forger.head, forger.user_id, longer, cut_short});
    CHECK(judge(*openpgp, certificate, forger.signature()) == "key_expired");
  }
}

TEST_CASE("a certify-only key signs no statement") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes certificate = concat(
        {forger.head, forger.user_id, forger.primary.certify(self_signature(0x13, {key_flags(kCertify)}), kUserId)});
    CHECK_FALSE(must(openpgp->inspect(gated(certificate), kNow)).primary.can_sign);
    CHECK(judge(*openpgp, certificate, forger.signature()) == "signature_policy");
  }
}

TEST_CASE("a signing subkey is bound by a signature and its own back signature") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const ForgedKey subkey(kMade);
    const ForgedKey stranger(kMade);
    const Bytes head = concat({forger.usual(), packet(14, subkey.body())});
    const auto bound = [&](std::vector<Bytes> hashed, std::uint8_t hash = 8) {
      hashed.push_back(key_flags(kSign));
      return concat({head, forger.primary.bind(self_signature(0x18, std::move(hashed), kMade, hash), subkey)});
    };
    const Bytes agreed = subkey.back_signature(forger.primary, kMade);
    CHECK(judge(*openpgp, bound({agreed}), signature_by(subkey)) == "accepted");
    CHECK(judge(*openpgp, bound({}), signature_by(subkey)) == "signature_by_another_key");
    CHECK(judge(*openpgp, bound({stranger.back_signature(forger.primary, kMade)}), signature_by(subkey)) ==
          "signature_by_another_key");
    CHECK(judge(*openpgp, bound({subkey.back_signature(stranger, kMade)}), signature_by(subkey)) ==
          "signature_by_another_key");
    CHECK(judge(*openpgp, bound({agreed}, 2), signature_by(subkey)) == "signature_by_another_key");
    CHECK(judge(*openpgp, bound({subkey.back_signature(forger.primary, kMade, 2)}), signature_by(subkey)) ==
          "signature_by_another_key");
    Bytes broken = bound({agreed});
    broken.back() ^= 1;
    CHECK(judge(*openpgp, broken, signature_by(subkey)) == "signature_by_another_key");
    CHECK_FALSE(must(openpgp->inspect(gated(broken), kNow)).subkeys.at(0).bound);
  }
}

TEST_CASE("a stranger who takes another's key as subkey gains nothing and harms nothing") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger victim;
    const Forger mallory;
    const Bytes grabbed = concat({mallory.usual(), packet(14, victim.primary.body()),
                                  mallory.primary.bind(self_signature(0x18, {key_flags(kSign)}), victim.primary)});
    CHECK(judge(*openpgp, grabbed, victim.signature()) == "signature_by_another_key");
    CHECK(judge(*openpgp, victim.usual(), victim.signature()) == "accepted");
    CHECK(judge(*openpgp, grabbed, mallory.signature()) == "accepted");
  }
}

TEST_CASE("a revoked or expired subkey signs nothing and its primary still does") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const ForgedKey subkey(kMade);
    const Bytes agreed = subkey.back_signature(forger.primary, kMade);
    const Bytes head = concat({forger.usual(), packet(14, subkey.body())});
    const Bytes binding = forger.primary.bind(self_signature(0x18, {agreed, key_flags(kSign)}), subkey);
    const Bytes revocation = forger.primary.bind(self_signature(0x28, {}, kNow - kDay), subkey);
    const Bytes revoked = concat({head, binding, revocation});
    CHECK(must(openpgp->inspect(gated(revoked), kNow)).subkeys.at(0).revoked);
    CHECK(judge(*openpgp, revoked, signature_by(subkey)) == "key_revoked");
    CHECK(judge(*openpgp, revoked, forger.signature()) == "accepted");
    const Bytes expiring = concat(
        {head, forger.primary.bind(self_signature(0x18, {agreed, key_flags(kSign), key_lifetime(30 * kDay)}), subkey)});
    CHECK(judge(*openpgp, expiring, signature_by(subkey, kNow - Seconds(1)), kNow - Seconds(1)) == "accepted");
    CHECK(judge(*openpgp, expiring, signature_by(subkey), kNow) == "key_expired");
    CHECK(judge(*openpgp, expiring, forger.signature()) == "accepted");
  }
}

TEST_CASE("a self-signature from the future does not speak yet") {
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    const Forger forger;
    const Bytes certificate =
        concat({forger.head, forger.user_id,
                forger.primary.certify(self_signature(0x13, {key_flags(3)}, kNow + kDay), kUserId)});
    CHECK_FALSE(must(openpgp->inspect(gated(certificate), kNow)).primary.bound);
    CHECK(judge(*openpgp, certificate, forger.signature()) == "signature_policy");
    CHECK(judge(*openpgp, certificate, forger.signature(kNow + kDay), kNow + kDay) == "accepted");
  }
}

TEST_CASE("a revoked user id is not told whatever the hash of its revocation") {
  for (const Engine& engine : kEngines) {
    for (const std::uint8_t hash : {std::uint8_t{2}, std::uint8_t{8}}) {
      const auto openpgp = open_without_key(engine);
      const Forger forger;
      const std::string other = "Mallory";
      const auto revocation = [&](const std::string& user_id) {
        return forger.primary.certify(self_signature(0x30, {}, kMade + kDay, hash), user_id);
      };
      const Bytes certificate =
          concat({forger.usual(), packet(13, to_bytes(other)),
                  forger.primary.certify(self_signature(0x13, {key_flags(3)}), other), revocation(other)});
      CHECK(must(openpgp->inspect(gated(certificate), kNow)).user_ids == std::vector<std::string>{kUserId});
      const Bytes alone = concat({forger.usual(), revocation(kUserId)});
      CHECK_FALSE(must(openpgp->inspect(gated(alone), kNow)).primary.bound);
    }
  }
}
