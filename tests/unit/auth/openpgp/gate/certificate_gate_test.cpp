#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "tests/support/built_certificate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;
using namespace countersign::test::built;

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

TEST_CASE("a signature that stands twice counts once and where it stood first") {
  const Bytes second = packet(13, to_bytes("second"));
  CHECK(admit({primary(), user_id(), own_signature(0x13), own_signature(0x13)})->packets() ==
        concat({primary(), user_id(), own_signature(0x13)}));
  CHECK(admit({primary(), user_id(), own_signature(0x13), second, own_signature(0x13)})->packets() ==
        concat({primary(), user_id(), own_signature(0x13)}));
}
