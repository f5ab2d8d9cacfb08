#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

ErrorCode code_of(std::string_view text) {
  const auto result = openpgp::gate::admit_signature(text);
  return result ? ErrorCode::failed : result.error().code;
}

ErrorCode code_of(const SignatureBody& body) {
  return code_of(body.packets());
}

Bytes notation(std::size_t size) {
  return subpacket(20, Bytes(size, 'n'));
}

}  // namespace

TEST_CASE("a plain signature passes the gate with what its hashed area says") {
  const auto signature = openpgp::gate::admit_signature(SignatureBody::good().packets());
  REQUIRE(signature);
  CHECK(signature->signature_class() == 0);
  CHECK(signature->public_key_algorithm() == 22);
  CHECK(signature->hash_algorithm() == 8);
  CHECK(signature->created_at() == from_unix(kBuiltSignatureSeconds));
  CHECK_FALSE(signature->expires_at());
  CHECK(signature->issuer()->upper() == std::string("A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"));
  CHECK(to_string(signature->packets()) == SignatureBody::good().packets());
  const auto armored = openpgp::gate::admit_signature(openpgp::gate::enarmor("PGP SIGNATURE", signature->packets()));
  CHECK(armored->packets() == signature->packets());
}

TEST_CASE("old and new packet headers come out the same") {
  const Bytes body = SignatureBody::good().bytes();
  for (const std::size_t width : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    CHECK(openpgp::gate::admit_signature(to_string(old_packet(2, body, width)))->packets() == packet(2, body));
  }
  Bytes long_form = {0xC2, 0xFF};
  append(long_form, integer(body.size(), 4));
  append(long_form, body);
  CHECK(openpgp::gate::admit_signature(to_string(long_form))->packets() == packet(2, body));
}

TEST_CASE("a signature with a partial or indeterminate length is refused") {
  Bytes partial = {0xC2, 0xE0 | 9};
  append(partial, Bytes(512, 0));
  CHECK(code_of(to_string(partial)) == ErrorCode::packet_refused);
  Bytes indeterminate = {0x8B};
  append(indeterminate, SignatureBody::good().bytes());
  CHECK(code_of(to_string(indeterminate)) == ErrorCode::packet_refused);
}

TEST_CASE("a signature cut at any byte is refused") {
  const std::string whole = SignatureBody::good().packets();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    INFO(size);
    CHECK(code_of(whole.substr(0, size)) == ErrorCode::packet_refused);
  }
  CHECK(code_of("") == ErrorCode::signature_missing);
}

TEST_CASE("a signature whose body is cut at any byte is refused") {
  const Bytes whole = SignatureBody::good().bytes();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    INFO(size);
    CHECK(code_of(to_string(packet(2, ByteView(whole).first(size)))) == ErrorCode::packet_refused);
  }
  Bytes longer = whole;
  longer.push_back(0);
  CHECK(code_of(to_string(packet(2, longer))) == ErrorCode::packet_refused);
}

TEST_CASE("only classes 0x00 and 0x01 are signatures over a document") {
  for (int each = 0; each < 256; ++each) {
    SignatureBody body = SignatureBody::good();
    body.signature_class = static_cast<std::uint8_t>(each);
    CHECK(openpgp::gate::admit_signature(body.packets()).has_value() == (each <= 1));
  }
}

TEST_CASE("only version 4 signatures pass and the version is named") {
  for (const int version : {0, 2, 3, 5, 6, 255}) {
    SignatureBody body = SignatureBody::good();
    body.version = static_cast<std::uint8_t>(version);
    const auto result = openpgp::gate::admit_signature(body.packets());
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unknown_version);
    CHECK(result.error().detail.find("version " + std::to_string(version)) != std::string::npos);
  }
}

TEST_CASE("a creation time has to be hashed, an issuer to be named, and each once in an area") {
  SignatureBody body = SignatureBody::good();
  const Bytes issuer = body.hashed[0];
  const Bytes created = body.hashed[1];
  body.hashed = {issuer};
  body.unhashed = {created};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  // GnuPG 1.4 and OpenPGP.js 4 name it where nobody signed it: a hint at which key to verify with, as anywhere.
  body.hashed = {created};
  body.unhashed = {issuer};
  CHECK(openpgp::gate::admit_signature(body.packets())->issuer() == Fingerprint::from_bytes(Bytes(20, 0xA5)).value());
  body.unhashed = {subpacket(16, Bytes(8, 0xA5))};
  const auto by_unsigned_id = openpgp::gate::admit_signature(body.packets());
  REQUIRE(by_unsigned_id);
  CHECK_FALSE(by_unsigned_id->issuer());
  body.unhashed = {issuer, issuer};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.unhashed = {};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.hashed = {created, created, issuer};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.hashed = {created, issuer, issuer};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.hashed = {created, issuer};
  body.unhashed = {};
  CHECK(openpgp::gate::admit_signature(body.packets()));
  body.hashed = {created, subpacket(16, Bytes(8, 0xA5))};
  const auto by_key_id = openpgp::gate::admit_signature(body.packets());
  REQUIRE(by_key_id);
  CHECK_FALSE(by_key_id->issuer());
  for (const std::size_t bytes : {0, 7, 9}) {
    body.hashed = {created, subpacket(16, Bytes(bytes, 0xA5))};
    CHECK(code_of(body) == ErrorCode::packet_refused);
  }
  body.hashed = {subpacket(2, integer(1, 3)), issuer};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.hashed = {subpacket(2, integer(1, 5)), issuer};
  CHECK(code_of(body) == ErrorCode::packet_refused);
}

TEST_CASE("two issuers that differ are refused wherever they stand") {
  SignatureBody body = SignatureBody::good();
  body.unhashed = {subpacket(16, Bytes(8, 0xA6))};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  Bytes other = built_issuer();
  other[5] ^= 1;
  body.unhashed = {subpacket(33, other)};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.unhashed = {};
  body.hashed.push_back(subpacket(16, Bytes(8, 0xA6)));
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.hashed[0] = subpacket(33, Bytes(33, 6));  // the fingerprint of a version 6 key
  CHECK(code_of(body) == ErrorCode::unknown_version);
}

TEST_CASE("no critical subpacket passes that nobody here acts on") {
  for (int type = 0; type < 128; ++type) {
    SignatureBody body = SignatureBody::good();
    body.hashed.push_back(subpacket(static_cast<std::uint8_t>(0x80 | type), Bytes(8, 0xA5)));
    const bool understood = type == 16 || type == 24 || type == 26 || type == 28;
    INFO(type);
    CHECK(openpgp::gate::admit_signature(body.packets()).has_value() == understood);
  }
  SignatureBody body = SignatureBody::good();
  body.hashed = {subpacket(0x80 | 33, built_issuer()), subpacket(0x80 | 2, integer(5, 4)),
                 subpacket(0x80 | 3, integer(60, 4))};
  const auto signature = openpgp::gate::admit_signature(body.packets());
  REQUIRE(signature);
  CHECK(signature->expires_at() == from_unix(65));
}

TEST_CASE("a lifetime of zero is none") {
  SignatureBody body = SignatureBody::good();
  body.hashed.push_back(subpacket(3, integer(0, 4)));
  CHECK_FALSE(openpgp::gate::admit_signature(body.packets())->expires_at());
}

TEST_CASE("notations pass up to 256 bytes in all and critical ones never") {
  SignatureBody body = SignatureBody::good();
  body.hashed.push_back(notation(200));
  body.hashed.push_back(notation(56));
  CHECK(openpgp::gate::admit_signature(body.packets()));
  body.unhashed.push_back(notation(1));
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.unhashed.push_back(subpacket(0x80 | 20, Bytes(8, 'n')));
  CHECK(code_of(body) == ErrorCode::packet_refused);
}

TEST_CASE("an embedded signature is refused wherever it stands and a certificate where it is hashed") {
  const Bytes embedded = subpacket(32, SignatureBody::good().bytes());
  SignatureBody body = SignatureBody::good();
  body.hashed.push_back(embedded);
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.unhashed.push_back(embedded);
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.hashed.push_back(subpacket(38, Bytes(4, 0)));
  CHECK(code_of(body) == ErrorCode::packet_refused);
}

TEST_CASE("nothing of the unhashed area reaches an engine but the key id") {
  SignatureBody body = SignatureBody::good();
  body.unhashed.push_back(notation(30));
  body.unhashed.push_back(subpacket(38, Bytes(300, 0)));
  body.unhashed.push_back(subpacket(2, integer(99, 4)));
  body.unhashed.push_back(subpacket(100, Bytes(3, 1)));
  const auto signature = openpgp::gate::admit_signature(body.packets());
  REQUIRE(signature);
  CHECK(to_string(signature->packets()) == SignatureBody::good().packets());
}

TEST_CASE("subpacket lengths that lie are refused") {
  SignatureBody body = SignatureBody::good();
  body.hashed.push_back({0});  // no type
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.hashed.push_back({10, 99, 1});  // longer than the area
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.hashed.push_back({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 99});
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body = SignatureBody::good();
  body.hashed.push_back({192});  // half a length
  CHECK(code_of(body) == ErrorCode::packet_refused);
}

TEST_CASE("the integers of a signature fit its algorithm exactly") {
  SignatureBody body = SignatureBody::good();
  body.algorithm = 1;  // RSA has one, the body has two
  CHECK(code_of(body) == ErrorCode::packet_refused);
  body.tail = concat({integer(1, 2), mpi(Bytes(256, 0x81))});
  CHECK(openpgp::gate::admit_signature(body.packets()));
  for (const int algorithm : {0, 2, 16, 18, 20, 23, 27, 99}) {
    body.algorithm = static_cast<std::uint8_t>(algorithm);
    CHECK(code_of(body) == ErrorCode::packet_refused);
  }
}

TEST_CASE("other packets and second signatures are refused") {
  const Bytes good = packet(2, SignatureBody::good().bytes());
  CHECK(code_of(to_string(concat({good, good}))) == ErrorCode::packet_refused);
  for (int tag = 0; tag < 64; ++tag) {
    if (tag == 2) continue;
    const Bytes other = packet(static_cast<std::uint8_t>(tag), Bytes(20, 4));
    const ErrorCode expected = tag == 5 || tag == 7 ? ErrorCode::secret_key_handed_in : ErrorCode::packet_refused;
    INFO(tag);
    CHECK(code_of(to_string(other)) == expected);
    CHECK(code_of(to_string(concat({good, other}))) == ErrorCode::packet_refused);
  }
}

TEST_CASE("a signature of over 8 KiB is refused before it is read") {
  CHECK(code_of(std::string(openpgp::gate::kSignatureBytesMax + 1, '\xC2')) == ErrorCode::message_too_large);
}

TEST_CASE("a signature may be of exactly 8 KiB, as text and as packets") {
  const std::size_t most = openpgp::gate::kSignatureBytesMax;
  CHECK(code_of(std::string(most, '\xC2')) == ErrorCode::packet_refused);
  const Bytes packets(most + 1, 0xC2);
  CHECK(openpgp::gate::admit_signature(ByteView(packets).first(most)).error().code == ErrorCode::packet_refused);
  CHECK(openpgp::gate::admit_signature(ByteView(packets)).error().code == ErrorCode::message_too_large);
  const std::string armored = openpgp::gate::enarmor("PGP SIGNATURE", SignatureBody::good().bytes());
  CHECK(code_of(armored + std::string(most - armored.size() + 1, '\n')) == ErrorCode::message_too_large);
}

TEST_CASE("an armored secret key is told as one where a signature is asked for") {
  CHECK(code_of(openpgp::gate::enarmor("PGP PRIVATE KEY BLOCK", SignatureBody::good().bytes())) ==
        ErrorCode::secret_key_handed_in);
}

TEST_CASE("an issuer that both areas name alike is the issuer") {
  SignatureBody body = SignatureBody::good();
  body.hashed.push_back(subpacket(16, Bytes(8, 0xA5)));
  body.unhashed = {subpacket(33, built_issuer()), subpacket(16, Bytes(8, 0xA5))};
  const auto signature = openpgp::gate::admit_signature(body.packets());
  REQUIRE(signature);
  CHECK(signature->issuer() == Fingerprint::from_bytes(Bytes(20, 0xA5)).value());
  CHECK(to_string(signature->issuer_key_id()) == to_string(Bytes(8, 0xA5)));
  // By key ids alone.
  body.hashed = {body.hashed[1], subpacket(16, Bytes(8, 0xA5))};
  body.unhashed = {subpacket(16, Bytes(8, 0xA5))};
  CHECK(openpgp::gate::admit_signature(body.packets()));
  body.unhashed = {subpacket(16, Bytes(8, 0xA6))};
  CHECK(code_of(body) == ErrorCode::packet_refused);
  // A hashed key id, and a fingerprint that nobody signed.
  body.unhashed = {subpacket(33, built_issuer())};
  CHECK(openpgp::gate::admit_signature(body.packets()));
  body.hashed[1] = subpacket(16, Bytes(8, 0xA6));
  CHECK(code_of(body) == ErrorCode::packet_refused);
}

TEST_CASE("an issuer's fingerprint is of version 4 and of its size") {
  const auto with = [](const Bytes& value) {
    SignatureBody body = SignatureBody::good();
    body.hashed[0] = subpacket(33, value);
    return code_of(body);
  };
  CHECK(with({}) == ErrorCode::unknown_version);
  CHECK(with(concat({{5}, Bytes(20, 0xA5)})) == ErrorCode::unknown_version);
  CHECK(with({4}) == ErrorCode::packet_refused);
  CHECK(with(concat({{4}, Bytes(19, 0xA5)})) == ErrorCode::packet_refused);
  CHECK(with(concat({{4}, Bytes(21, 0xA5)})) == ErrorCode::packet_refused);
}
