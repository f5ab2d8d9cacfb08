#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "tests/support/built_certificate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;
using namespace countersign::test::built;

namespace {

// Of that many bytes in all, by a notation; made that many seconds before the others.
Bytes own_of_size(std::size_t bytes, unsigned seconds) {
  const auto with = [&](std::size_t value) {
    SignatureBody body = own_before(0x13, seconds);
    body.hashed.push_back(
        subpacket(20, concat({integer(0, 4), integer(1, 2), integer(value - 1, 2), Bytes(value, 'n')})));
    Bytes out;
    openpgp::gate::append_packet(out, 2, body.bytes());
    return out;
  };
  const std::size_t around = with(bytes / 2).size() - bytes / 2;
  return with(bytes - around);
}

}  // namespace

TEST_CASE("what is read of a certificate is measured in its text and in its packets, and may be as long as its limit") {
  const std::string text = to_string(primary());
  CHECK(openpgp::gate::admit_certificate(text, text.size()));
  CHECK(openpgp::gate::admit_certificate(text, text.size() - 1).error().code == ErrorCode::message_too_large);
  CHECK(openpgp::gate::admit_certificate(ByteView(primary()), text.size()));
  CHECK(openpgp::gate::admit_certificate(ByteView(primary()), text.size() - 1).error().code ==
        ErrorCode::message_too_large);
  // Few packets in a long text.
  const std::string armored = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", primary()) + std::string(2000, '\n');
  CHECK(openpgp::gate::admit_certificate(armored, armored.size()));
  CHECK(openpgp::gate::admit_certificate(armored, armored.size() - 1).error().code == ErrorCode::message_too_large);
}

TEST_CASE("exactly 64 KiB are kept, over all of a certificate's parts") {
  const std::size_t most = openpgp::gate::kCertificateKeptBytesMax;
  const Bytes second = packet(13, to_bytes("Alice elsewhere"));
  std::vector<Bytes> parts = {primary(), user_id()};
  for (unsigned i = 0; i < 4; ++i) parts.push_back(own_of_size(8000, i));
  parts.push_back(second);
  for (unsigned i = 4; i < 7; ++i) parts.push_back(own_of_size(8000, i));
  const std::size_t left = most - concat(parts).size();
  parts.push_back(own_of_size(left - 5000, 7));
  parts.push_back(own_of_size(5000, 8));
  const auto admitted = admit(parts);
  REQUIRE(admitted);
  CHECK(admitted->packets().size() == most);
  parts.back() = own_of_size(5001, 8);
  CHECK(code_of(parts) == ErrorCode::message_too_large);
}

TEST_CASE("a certificate has 63 subkeys at most, also of those that are left out") {
  std::vector<Bytes> parts = {plain()};
  for (int i = 0; i < 62; ++i) parts.push_back(subkey(static_cast<std::uint8_t>(100 + i)));
  CHECK(admit(parts)->packets() == plain());
  parts.push_back(subkey(99));
  CHECK(code_of(parts) == ErrorCode::message_too_large);
}

TEST_CASE("packets that are too many to read are refused as text is") {
  const auto refused = openpgp::gate::admit_certificate(Bytes(1001, 0x99), 1000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::message_too_large);
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
