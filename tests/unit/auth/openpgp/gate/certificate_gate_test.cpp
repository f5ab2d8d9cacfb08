#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

Bytes key_body(std::uint8_t seed, std::uint8_t version = 4) {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return concat({{version}, integer(seed, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))});
}

Bytes primary() {
  return packet(6, key_body(1));
}
Bytes subkey(std::uint8_t seed = 2) {
  return packet(14, key_body(seed));
}
Bytes user_id() {
  return packet(13, to_bytes("Alice <alice@example.org>"));
}

Fingerprint primary_fingerprint() {
  return openpgp::gate::admit_certificate(to_string(primary()), 1000).value().fingerprint();
}

Bytes issuer_of(const Fingerprint& fingerprint) {
  Bytes body = {4};
  append(body, fingerprint.bytes());
  return subpacket(33, body);
}

// A signature of that class that says the primary key made it.
SignatureBody own(std::uint8_t signature_class) {
  SignatureBody body = SignatureBody::good();
  body.signature_class = signature_class;
  body.hashed[0] = issuer_of(primary_fingerprint());
  if (signature_class == 0x18) body.hashed.push_back(subpacket(27, Bytes{2}));
  const Fingerprint fingerprint = primary_fingerprint();
  body.unhashed = {subpacket(16, fingerprint.key_id())};
  return body;
}

// The same, made some seconds earlier.
SignatureBody own_before(std::uint8_t signature_class, unsigned seconds) {
  SignatureBody body = own(signature_class);
  body.hashed[1] = subpacket(2, integer(kBuiltSignatureSeconds - seconds, 4));
  return body;
}

Bytes own_signature(std::uint8_t signature_class) {
  return packet(2, own(signature_class).bytes());
}
Bytes foreign_signature(std::uint8_t signature_class) {
  SignatureBody body = SignatureBody::good();
  body.signature_class = signature_class;
  return packet(2, body.bytes());
}

Bytes plain() {
  return concat({primary(), user_id(), own_signature(0x13), subkey(), own_signature(0x18)});
}

Result<openpgp::gate::GatedCertificate> admit(const std::vector<Bytes>& parts) {
  return openpgp::gate::admit_certificate(to_string(concat(parts)), openpgp::gate::kCertificateReadBytesMax);
}
ErrorCode code_of(const std::vector<Bytes>& parts) {
  const auto result = admit(parts);
  return result ? ErrorCode::failed : result.error().code;
}

}  // namespace

TEST_CASE("a plain certificate passes as it is and armored") {
  const auto certificate = admit({plain()});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
  CHECK(certificate->fingerprint() == primary_fingerprint());
  const auto again =
      openpgp::gate::admit_certificate("\r\n" + certificate->armored() + "\n", openpgp::gate::kCertificateReadBytesMax);
  REQUIRE(again);
  CHECK(again->packets() == plain());
}

TEST_CASE("a user id may read like the beginning of an armored block") {
  const Bytes certificate =
      concat({primary(), packet(13, to_bytes("-----BEGIN PGP MESSAGE-----")), own_signature(0x13)});
  const auto brought = openpgp::gate::admit_certificate(openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", certificate),
                                                        openpgp::gate::kCertificateReadBytesMax);
  REQUIRE(brought);
  const auto kept = openpgp::gate::admit_certificate(brought->packets(), openpgp::gate::kCertificateReadBytesMax);
  REQUIRE(kept);
  CHECK(kept->packets() == brought->packets());
}

TEST_CASE("packets that are too many to read are refused as text is") {
  const auto refused = openpgp::gate::admit_certificate(Bytes(1001, 0x99), 1000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::message_too_large);
}

TEST_CASE("old packet headers come out as new ones") {
  const auto certificate =
      admit({old_packet(6, key_body(1), 2), old_packet(13, to_bytes("Alice <alice@example.org>"), 1),
             old_packet(2, own(0x13).bytes(), 4), subkey(), own_signature(0x18)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
}

TEST_CASE("signatures by other keys are dropped") {
  const auto certificate =
      admit({primary(), foreign_signature(0x1F), foreign_signature(0x20), user_id(), foreign_signature(0x10),
             own_signature(0x13), foreign_signature(0x13), foreign_signature(0x30), subkey(), foreign_signature(0x18),
             own_signature(0x18), foreign_signature(0x28)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
}

TEST_CASE("an issuer that is named twice and differently is not the key itself") {
  SignatureBody body = own(0x13);
  body.unhashed = {subpacket(16, Bytes(8, 0xA5))};
  CHECK(admit({primary(), user_id(), packet(2, body.bytes())})->packets() == primary());
  body = own(0x13);
  body.unhashed.push_back(subpacket(33, built_issuer()));
  CHECK(admit({primary(), user_id(), packet(2, body.bytes())})->packets() == primary());
}

TEST_CASE("an issuer key id alone names the key as programs of 2010 did") {
  SignatureBody body = own(0x13);
  body.hashed.erase(body.hashed.begin());
  const auto certificate = admit({primary(), user_id(), packet(2, body.bytes())});
  REQUIRE(certificate);
  CHECK(certificate->packets() == concat({primary(), user_id(), packet(2, body.bytes())}));
  body.unhashed.clear();
  CHECK(admit({primary(), user_id(), packet(2, body.bytes())})->packets() == primary());
}

TEST_CASE("signatures that do not fit the part they stand behind are dropped") {
  for (int each = 0; each < 256; ++each) {
    const auto signature_class = static_cast<std::uint8_t>(each);
    const bool on_primary = each == 0x1F || each == 0x20;
    const bool on_user_id = (each >= 0x10 && each <= 0x13) || each == 0x30;
    const bool on_subkey = each == 0x18 || each == 0x28;
    const Bytes signature = own_signature(signature_class);
    CHECK(admit({primary(), signature})->packets() == concat({primary(), on_primary ? signature : Bytes()}));
    CHECK(admit({primary(), user_id(), signature})->packets() ==
          concat({primary(), on_user_id ? concat({user_id(), signature}) : Bytes()}));
    CHECK(admit({primary(), subkey(), signature})->packets() ==
          concat({primary(), on_subkey ? concat({subkey(), signature}) : Bytes()}));
  }
}

TEST_CASE("user attributes go with their signatures") {
  const auto certificate = admit({primary(), user_id(), own_signature(0x13), packet(17, Bytes(500, 1)),
                                  own_signature(0x13), own_signature(0x30), subkey(), own_signature(0x18)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
}

TEST_CASE("user ids and subkeys that the key never signed are dropped") {
  const auto certificate =
      admit({primary(), packet(13, to_bytes("Mallory")), user_id(), own_signature(0x13), packet(13, to_bytes("Trudy")),
             foreign_signature(0x13), subkey(3), subkey(), own_signature(0x18), subkey(4)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
}

TEST_CASE("subkeys of unknown algorithms are dropped and an unknown primary is refused") {
  Bytes unknown = key_body(9);
  unknown[5] = 99;
  const auto certificate = admit({plain(), packet(14, unknown), own_signature(0x18)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
  CHECK(code_of({packet(6, unknown)}) == ErrorCode::certificate_refused);
}

TEST_CASE("signatures of other versions and unreadable ones are dropped") {
  SignatureBody sixth = own(0x13);
  sixth.version = 6;
  const auto certificate =
      admit({primary(), user_id(), own_signature(0x13), packet(2, sixth.bytes()), packet(2, Bytes{3}), packet(2, {}),
             packet(2, Bytes{4, 0x13, 22, 8, 0xFF, 0xFF}), subkey(), own_signature(0x18)});
  REQUIRE(certificate);
  CHECK(certificate->packets() == plain());
}

TEST_CASE("a key of version 6 is refused by name") {
  for (const int version : {2, 3, 5, 6}) {
    const auto result = admit({packet(6, key_body(1, static_cast<std::uint8_t>(version)))});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unknown_version);
    CHECK(result.error().detail.find("version " + std::to_string(version)) != std::string::npos);
  }
}

TEST_CASE("what cannot be used in a certificate is left out, and its owner told, and the rest is used") {
  const auto left_out = [](const std::vector<Bytes>& parts, const Bytes& kept) {
    const auto certificate = admit(parts);
    REQUIRE(certificate);
    CHECK(certificate->packets() == kept);
    return certificate->left_out();
  };
  using Words = std::vector<std::string>;
  CHECK(left_out({plain()}, plain()) == Words());
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{2, 3, 5, 6}) {
    CHECK(left_out({plain(), packet(14, key_body(9, version)), own_signature(0x18)}, plain()) ==
          Words{"a subkey of version " + std::to_string(version)});
  }
  const Bytes kyber = packet(14, concat({{4}, integer(1, 4), {35}, Bytes(1216, 1)}));
  CHECK(left_out({plain(), kyber, own_signature(0x18)}, plain()) ==
        Words{"a subkey of algorithm 35 or a curve that is not known here"});
  // As gpg --export-options backup writes them: behind each part and each signature.
  const Bytes trust = packet(12, Bytes{2, 3});
  CHECK(left_out({primary(), trust, user_id(), trust, own_signature(0x13), trust, subkey(), trust, own_signature(0x18),
                  trust},
                 plain()) == Words{"trust (12) packet, 5 times"});
  CHECK(left_out(
            {packet(10, to_bytes("PGP")), plain(), packet(21, Bytes(9, 7)), packet(60, Bytes{1}), packet(40, Bytes{1})},
            plain()) ==
        Words{"marker (10) packet", "padding (21) packet", "unknown packet (60) packet", "unknown packet (40) packet"});
  CHECK(left_out({plain(), packet(14, key_body(9))}, plain()) ==
        Words{"a subkey that no signature by the key itself is left of"});
  CHECK(left_out({primary(), packet(17, Bytes(30, 1)), own_signature(0x13), user_id(), own_signature(0x13), subkey(),
                  own_signature(0x18)},
                 plain()) == Words{"a user attribute"});
  SignatureBody doubtful = own_before(0x13, 5);
  doubtful.hashed.push_back(subpacket(100 | 0x80, Bytes{1}));
  CHECK(
      left_out({primary(), user_id(), packet(2, doubtful.bytes()), own_signature(0x13), subkey(), own_signature(0x18)},
               plain()) == Words{"a signature over a user id: a critical subpacket of type 100"});
  // Of signatures by others nobody is told.
  CHECK(left_out({primary(), user_id(), own_signature(0x13), foreign_signature(0x13), subkey(), own_signature(0x18)},
                 plain()) == Words());
}

TEST_CASE("a secret key is refused and its owner is told that it is now exposed") {
  for (const std::uint8_t tag : {std::uint8_t{5}, std::uint8_t{7}}) {
    const auto alone = admit({packet(tag, key_body(1))});
    REQUIRE_FALSE(alone);
    CHECK(alone.error().code == ErrorCode::secret_key_handed_in);
    CHECK(alone.error().detail.find("exposed") != std::string::npos);
    CHECK(code_of({plain(), packet(tag, key_body(3))}) == ErrorCode::secret_key_handed_in);
  }
  const auto armored = openpgp::gate::admit_certificate(openpgp::gate::enarmor("PGP PRIVATE KEY BLOCK", plain()),
                                                        openpgp::gate::kCertificateReadBytesMax);
  CHECK(armored.error().code == ErrorCode::secret_key_handed_in);
  CHECK(openpgp::gate::admit_certificate("-----BEGIN PGP PRIVATE KEY BLOCK-----\nbroken", 1000).error().code ==
        ErrorCode::secret_key_handed_in);
}

TEST_CASE("every other packet is refused wherever it stands") {
  for (int tag = 0; tag < 64; ++tag) {
    if (tag == 2 || tag == 5 || tag == 6 || tag == 7 || tag == 13 || tag == 14 || tag == 17) continue;
    if (tag == 10 || tag == 12 || tag == 21 || tag >= 40) continue;  // passed over
    const Bytes other = packet(static_cast<std::uint8_t>(tag), Bytes(5, 4));
    INFO(tag);
    CHECK(code_of({plain(), other}) == ErrorCode::packet_refused);
    CHECK(code_of({other, plain()}) == ErrorCode::packet_refused);
  }
}

TEST_CASE("there is exactly one primary key and it comes first") {
  CHECK(code_of({}) == ErrorCode::certificate_refused);
  CHECK(code_of({plain(), packet(6, key_body(7))}) == ErrorCode::certificate_refused);
  CHECK(code_of({user_id(), primary()}) == ErrorCode::packet_refused);
  CHECK(code_of({own_signature(0x13), primary()}) == ErrorCode::packet_refused);
  CHECK(code_of({subkey(), primary()}) == ErrorCode::packet_refused);
  CHECK(code_of({plain(), user_id(), own_signature(0x13)}) == ErrorCode::packet_refused);
  CHECK(code_of({plain(), subkey(), own_signature(0x18)}) == ErrorCode::certificate_refused);
  CHECK(code_of({plain(), packet(14, key_body(1)), own_signature(0x18)}) == ErrorCode::certificate_refused);
}

TEST_CASE("key material has to fill its packet and to stay within limits") {
  const auto rsa = [](std::size_t modulus_bytes, std::size_t exponent_bytes) {
    return packet(6,
                  concat({{4}, integer(1, 4), {1}, mpi(Bytes(modulus_bytes, 0x81)), mpi(Bytes(exponent_bytes, 0x81))}));
  };
  CHECK(admit({rsa(256, 3)}));
  CHECK(admit({rsa(1024, 4)}));
  CHECK(code_of({rsa(1025, 3)}) == ErrorCode::packet_refused);
  CHECK(code_of({rsa(256, 5)}) == ErrorCode::certificate_refused);
  Bytes longer = key_body(1);
  longer.push_back(0);
  CHECK(code_of({packet(6, longer)}) == ErrorCode::packet_refused);
  const Bytes whole = key_body(1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(code_of({packet(6, ByteView(whole).first(size))}) == ErrorCode::packet_refused);
  }
}

TEST_CASE("a certificate cut inside a packet is refused") {
  const Bytes whole = plain();
  std::size_t ends = 0;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto result = openpgp::gate::admit_certificate(to_string(ByteView(whole).first(size)), 1000);
    if (result) {
      ++ends;
    } else {
      CHECK(result.error().code == ErrorCode::packet_refused);
    }
  }
  CHECK(ends == 4);  // between packets nothing can be told
}

TEST_CASE("what is too large to read is refused before it is read and says how to export less") {
  const auto result = openpgp::gate::admit_certificate(std::string(1001, 'x'), 1000);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::message_too_large);
  CHECK(result.error().detail.find("export-minimal") != std::string::npos);
}

TEST_CASE("at most 64 packets and 64 KiB are kept") {
  std::vector<Bytes> parts = {primary(), user_id()};
  for (unsigned i = 0; i < 62; ++i) parts.push_back(packet(2, own_before(0x13, i).bytes()));
  CHECK(admit(parts));
  parts.push_back(packet(2, own_before(0x13, 62).bytes()));
  CHECK(code_of(parts) == ErrorCode::message_too_large);
  const auto large = [](unsigned seconds) {
    SignatureBody body = own_before(0x13, seconds);
    body.hashed.push_back(subpacket(20, concat({integer(0, 4), integer(1, 2), integer(6'999, 2), Bytes(7'000, 'n')})));
    return packet(2, body.bytes());
  };
  parts = {primary(), user_id()};
  for (unsigned i = 0; i < 9; ++i) parts.push_back(large(i));
  CHECK(admit(parts)->packets().size() > 60'000);
  parts.push_back(large(9));
  CHECK(code_of(parts) == ErrorCode::message_too_large);
}

TEST_CASE("a revocation goes behind the primary key, before whatever else the certificate holds") {
  const auto revocation = openpgp::gate::admit_revocation(own(0x20).packets());
  REQUIRE(revocation);
  const auto revoked = revoked_certificate(admit({plain()}).value(), *revocation);
  REQUIRE(revoked);
  CHECK(revoked->packets() ==
        concat({primary(), revocation->packets(), user_id(), own_signature(0x13), subkey(), own_signature(0x18)}));
}

TEST_CASE("a signature that stands twice counts once and where it stood first") {
  const Bytes second = packet(13, to_bytes("second"));
  CHECK(admit({primary(), user_id(), own_signature(0x13), own_signature(0x13)})->packets() ==
        concat({primary(), user_id(), own_signature(0x13)}));
  CHECK(admit({primary(), user_id(), own_signature(0x13), second, own_signature(0x13)})->packets() ==
        concat({primary(), user_id(), own_signature(0x13)}));
}

TEST_CASE("a certificate flooded with foreign signatures keeps what is its own") {
  for (const std::size_t count : {std::size_t{500}, std::size_t{5'000}, std::size_t{15'000}}) {
    std::vector<Bytes> parts = {primary(), user_id(), own_signature(0x13)};
    for (std::size_t i = 0; i < count; ++i) parts.push_back(foreign_signature(0x10));
    parts.push_back(subkey());
    parts.push_back(own_signature(0x18));
    const std::string flooded = to_string(concat(parts));
    const auto certificate = openpgp::gate::admit_certificate(flooded, openpgp::gate::kCertificateLocalReadBytesMax);
    REQUIRE(certificate);
    CHECK(certificate->packets() == plain());
    if (flooded.size() > openpgp::gate::kCertificateReadBytesMax) {
      CHECK(openpgp::gate::admit_certificate(flooded, openpgp::gate::kCertificateReadBytesMax).error().code ==
            ErrorCode::message_too_large);
    }
  }
}

TEST_CASE("the least of a certificate is its primary and newest certification and the subkey that signs") {
  const Bytes older = packet(2, own_before(0x13, 10).bytes());
  const Bytes of_second = packet(2, own_before(0x13, 5).bytes());
  const Bytes other_binding = packet(2, own_before(0x18, 5).bytes());
  const openpgp::gate::GatedCertificate certificate =
      admit({primary(), user_id(), own_signature(0x13), older, packet(13, to_bytes("second")), of_second, subkey(2),
             other_binding, subkey(3), own_signature(0x18)})
          .value();
  const Bytes least = concat({primary(), user_id(), own_signature(0x13)});
  CHECK(openpgp::gate::minimal_certificate(certificate, certificate.fingerprint()).value() == least);
  const Fingerprint third =
      openpgp::gate::admit_certificate(to_string(packet(6, key_body(3))), 1000).value().fingerprint();
  CHECK(openpgp::gate::minimal_certificate(certificate, third).value() ==
        concat({least, subkey(3), own_signature(0x18)}));
  CHECK(openpgp::gate::minimal_certificate(certificate, Fingerprint()).error().code == ErrorCode::certificate_refused);
}

TEST_CASE("two copies of a certificate say together what either says, each thing once") {
  const Bytes bob = packet(13, to_bytes("Alice elsewhere"));
  const Bytes later = packet(2, own_before(0x13, 60).bytes());
  const Bytes revocation = own_signature(0x28);
  const auto former = admit({primary(), user_id(), own_signature(0x13), subkey(), own_signature(0x18), revocation});
  const auto copy = admit({primary(), own_signature(0x1F), user_id(), later, bob, own_signature(0x10), subkey(),
                           own_signature(0x18), subkey(3), packet(2, own_before(0x18, 60).bytes())});
  REQUIRE(former);
  REQUIRE(copy);
  const auto both = openpgp::gate::merge_certificates(*former, *copy);
  REQUIRE(both);
  CHECK(both->packets() ==
        concat({primary(), own_signature(0x1F), user_id(), own_signature(0x13), later, bob, own_signature(0x10),
                subkey(), own_signature(0x18), revocation, subkey(3), packet(2, own_before(0x18, 60).bytes())}));
  // Nothing is taken back, and what is known already changes nothing.
  CHECK(openpgp::gate::merge_certificates(*both, *former)->packets() == both->packets());
  CHECK(openpgp::gate::merge_certificates(*both, *copy)->packets() == both->packets());
  CHECK(openpgp::gate::merge_certificates(*both, *both)->packets() == both->packets());
}

TEST_CASE("copies of two keys, and more than a certificate may hold, are not merged") {
  const auto one = admit({plain()});
  const auto other = openpgp::gate::admit_certificate(to_string(packet(6, key_body(9))), 1000);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(openpgp::gate::merge_certificates(*one, *other).error().code == ErrorCode::certificate_refused);
  std::vector<Bytes> many = {primary(), user_id()}, more = many;
  for (unsigned each = 0; each < 40; ++each) {
    many.push_back(packet(2, own_before(0x13, each).bytes()));
    more.push_back(packet(2, own_before(0x13, 100 + each).bytes()));
  }
  const auto first = admit(many), second = admit(more);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(openpgp::gate::merge_certificates(*first, *second).error().code == ErrorCode::message_too_large);
}
