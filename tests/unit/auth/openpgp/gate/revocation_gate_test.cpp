#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::uint8_t kReason = 29;

SignatureBody good_revocation() {
  SignatureBody body = SignatureBody::good();
  body.signature_class = 0x20;
  body.hashed.push_back(subpacket(kReason, concat({Bytes{2}, to_bytes("stolen")})));
  return body;
}

std::string verdict_on(const std::string& text) {
  const auto admitted = openpgp::gate::admit_revocation(text);
  return admitted ? "ok" : std::string(name_of(admitted.error().code));
}

Fingerprint issuer() {
  return *Fingerprint::from_bytes(ByteView(built_issuer()).subspan(1));
}

}  // namespace

TEST_CASE("a revocation tells whose it is when and why") {
  const auto revocation = openpgp::gate::admit_revocation(good_revocation().packets());
  REQUIRE(revocation);
  CHECK(revocation->is_by(issuer()));
  CHECK_FALSE(revocation->is_by(Fingerprint()));
  // Another key of the same key id.
  CHECK_FALSE(revocation->is_by(*Fingerprint::from_bytes(concat({Bytes(12, 1), Bytes(8, 0xA5)}))));
  CHECK(to_string(revocation->packets()).size() > 40);
  CHECK(revocation->created_at() == from_unix(kBuiltSignatureSeconds));
  CHECK(revocation->reason() == 2);
  CHECK(revocation->text() == "stolen");
}

TEST_CASE("a revocation is armored as a signature or as gpg writes it") {
  const Bytes packets = to_bytes(good_revocation().packets());
  CHECK(verdict_on(openpgp::gate::enarmor("PGP SIGNATURE", packets)) == "ok");
  CHECK(verdict_on(openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", packets)) == "ok");
  CHECK(verdict_on(openpgp::gate::enarmor("PGP MESSAGE", packets)) == "armor_invalid");
  CHECK(verdict_on("The text that gpg puts above it.\n\n:" + openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", packets)) ==
        "armor_invalid");
}

TEST_CASE("S09 no signature of another class is a revocation and no revocation a signature") {
  for (int signature_class = 0; signature_class < 256; ++signature_class) {
    SignatureBody body = good_revocation();
    body.signature_class = static_cast<std::uint8_t>(signature_class);
    CAPTURE(signature_class);
    CHECK(verdict_on(body.packets()) == (signature_class == 0x20 ? "ok" : "packet_refused"));
  }
  CHECK_FALSE(openpgp::gate::admit_signature(good_revocation().packets()));
}

TEST_CASE("an old revocation names its issuer where nobody signed it and one without is refused") {
  SignatureBody body = good_revocation();
  const Bytes creation = body.hashed.at(1);
  body.hashed = {creation};
  body.unhashed = {subpacket(16, issuer().key_id())};
  const auto old = openpgp::gate::admit_revocation(body.packets());
  REQUIRE(old);
  CHECK(old->is_by(issuer()));
  body.unhashed.clear();
  CHECK(verdict_on(body.packets()) == "packet_refused");
}

TEST_CASE("what a revocation may not hold is refused") {
  SignatureBody body = good_revocation();
  body.hashed.push_back(subpacket(3, integer(60, 4)));  // it would end by itself
  CHECK(verdict_on(body.packets()) == "packet_refused");
  body = good_revocation();
  body.hashed.push_back(subpacket(kReason, Bytes{1}));  // two reasons
  CHECK(verdict_on(body.packets()) == "packet_refused");
  body = good_revocation();
  body.hashed.push_back(subpacket(12 | 0x80, Bytes(22, 1)));  // critical, and not acted upon
  CHECK(verdict_on(body.packets()) == "packet_refused");
  body = good_revocation();
  body.hashed.push_back(subpacket(32, Bytes(20, 4)));
  CHECK(verdict_on(body.packets()) == "packet_refused");
  const std::string one = good_revocation().packets();
  CHECK(verdict_on(one + one) == "packet_refused");
  CHECK(verdict_on(one.substr(0, one.size() - 1)) == "packet_refused");
  CHECK(verdict_on("") == "signature_missing");
  CHECK(verdict_on(std::string(openpgp::gate::kSignatureBytesMax + 1, 'a')) == "message_too_large");
}

TEST_CASE("of two revocations that differ in what nobody signed the engine sees the same") {
  SignatureBody body = good_revocation();
  const auto plain = openpgp::gate::admit_revocation(body.packets());
  body.unhashed.push_back(subpacket(100, Bytes(200, 1)));
  const auto padded = openpgp::gate::admit_revocation(body.packets());
  REQUIRE(plain);
  REQUIRE(padded);
  CHECK(plain->packets() == padded->packets());
}

TEST_CASE("a revocation goes behind the primary key of its own certificate and of no other") {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  const Bytes primary = packet(6, concat({{4}, integer(1, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))}));
  const auto certificate =
      openpgp::gate::admit_certificate(to_string(primary), openpgp::gate::kCertificateReadBytesMax).value();
  SignatureBody body = good_revocation();
  const auto foreign = openpgp::gate::admit_revocation(body.packets()).value();
  CHECK(revoked_certificate(certificate, foreign).error().code == ErrorCode::signature_by_another_key);
  body.hashed[0] = subpacket(
      33, concat({{4}, Bytes(certificate.fingerprint().bytes().begin(), certificate.fingerprint().bytes().end())}));
  body.unhashed = {subpacket(16, certificate.fingerprint().key_id())};
  const auto own = openpgp::gate::admit_revocation(body.packets()).value();
  CHECK(revoked_certificate(certificate, own).value().packets() == concat({primary, own.packets()}));
  CHECK(own.packets() == to_bytes(body.packets()));
}

TEST_CASE("a revocation as GnuPG keeps it is told apart up to 8 KiB, and a secret key always") {
  const std::string kept = "Above.\n:-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
  const std::size_t most = openpgp::gate::kSignatureBytesMax;
  const auto hint = [](const std::string& text) {
    const auto refused = openpgp::gate::admit_revocation(text);
    return !refused && refused.error().detail.find("remove the text above") != std::string::npos;
  };
  CHECK(hint(kept + std::string(most - kept.size(), 'x')));
  CHECK_FALSE(hint(kept + std::string(most - kept.size() + 1, 'x')));
  const auto colon = openpgp::gate::admit_revocation(kept.substr(kept.find(':')));
  REQUIRE_FALSE(colon);
  CHECK(colon.error().detail == "GnuPG's colon still stands before -----BEGIN: remove it");
  CHECK(verdict_on(openpgp::gate::enarmor("PGP PRIVATE KEY BLOCK", Bytes(9, 1))) == "secret_key_handed_in");
}

TEST_CASE("a revocation may give no reason, or one without a text") {
  SignatureBody body = good_revocation();
  body.hashed.back() = subpacket(kReason, Bytes{3});
  const auto brief = openpgp::gate::admit_revocation(body.packets());
  REQUIRE(brief);
  CHECK(brief->reason() == 3);
  CHECK(brief->text().empty());
  body.hashed.back() = subpacket(kReason, Bytes{});
  CHECK(verdict_on(body.packets()) == "ok");
  body.hashed.pop_back();
  CHECK(verdict_on(body.packets()) == "ok");
  body.hashed.push_back(subpacket(3, integer(0, 4)));  // it never ends
  CHECK(verdict_on(body.packets()) == "ok");
}
