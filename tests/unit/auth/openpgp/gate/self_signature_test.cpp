#include "auth/openpgp/gate/self_signature.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::uint8_t kRsa = 1;
constexpr std::uint8_t kEcdh = 18;
constexpr std::uint8_t kEdDsa = 22;

Fingerprint issuer() {
  return Fingerprint::from_bytes(Bytes(20, 0xA5)).value();
}

SignatureBody body_of(int signature_class) {
  SignatureBody body = SignatureBody::good();
  body.signature_class = static_cast<std::uint8_t>(signature_class);
  if (signature_class == 0x18) body.hashed.push_back(test::subpacket(27, Bytes{2}));
  return body;
}

// "kept", "dropped", "changed" or the code of the refusal.
std::string fate(const SignatureBody& body, std::uint8_t algorithm = kEdDsa) {
  const Bytes bytes = body.bytes();
  const openpgp::gate::SignaturePacket packet = openpgp::gate::read_signature_packet(bytes).value();
  const auto normalised = normalise_self_signature(packet, issuer(), algorithm);
  if (!normalised) return std::string(name_of(normalised.error().code));
  if (!*normalised) return "dropped";
  return **normalised == bytes ? "kept" : "changed";
}

std::string fate_with(int signature_class, const std::vector<Bytes>& hashed) {
  SignatureBody body = body_of(signature_class);
  body.hashed.insert(body.hashed.end(), hashed.begin(), hashed.end());
  return fate(body);
}

Bytes critical(std::uint8_t type, const Bytes& value) {
  return test::subpacket(static_cast<std::uint8_t>(type | 0x80), value);
}

}  // namespace

TEST_CASE("a self-signature in its usual form stays as it is") {
  for (const int each : {0x10, 0x13, 0x18, 0x1F, 0x20, 0x28, 0x30}) CHECK(fate(body_of(each)) == "kept");
}

TEST_CASE("of what is not signed only the issuer and a back signature are left") {
  SignatureBody body = body_of(0x13);
  body.unhashed.push_back(test::subpacket(9, integer(60, 4)));
  body.unhashed.push_back(test::subpacket(27, Bytes{3}));
  body.unhashed.push_back(test::subpacket(32, Bytes(9, 4)));
  CHECK(fate(body) == "changed");
  const Bytes bytes = body.bytes();
  const auto normalised =
      normalise_self_signature(openpgp::gate::read_signature_packet(bytes).value(), issuer(), kEdDsa);
  CHECK(normalised.value().value() == body_of(0x13).bytes());
}

TEST_CASE("a binding has one back signature that can be read or none") {
  const Bytes back = test::subpacket(32, body_of(0x19).bytes());
  SignatureBody body = body_of(0x18);
  body.unhashed.push_back(back);
  CHECK(fate(body) == "kept");
  body.unhashed.push_back(back);
  CHECK(fate(body) == "dropped");
  CHECK(fate_with(0x18, {back}) == "kept");
  CHECK(fate_with(0x18, {test::subpacket(32, body_of(0x18).bytes())}) == "dropped");
  CHECK(fate_with(0x18, {test::subpacket(32, Bytes(9, 4))}) == "dropped");
  SignatureBody weak = body_of(0x19);
  weak.hash = 99;
  CHECK(fate_with(0x18, {test::subpacket(32, weak.bytes())}) == "dropped");
  SignatureBody talkative = body_of(0x19);
  talkative.unhashed.push_back(test::subpacket(9, integer(1, 4)));
  CHECK(fate_with(0x18, {test::subpacket(32, talkative.bytes())}) == "dropped");
}

TEST_CASE("an integer has one form") {
  SignatureBody body = body_of(0x13);
  body.tail = concat({integer(0xBEEF, 2), mpi(concat({{0}, Bytes(31, 0x81)})), mpi(Bytes(32, 0x82))});
  CHECK(fate(body) == "changed");
  body.tail = concat({body_of(0x13).tail, {0}});
  CHECK(fate(body) == "dropped");
  body.tail = concat({integer(0xBEEF, 2), mpi(Bytes(32, 0x81))});
  CHECK(fate(body) == "dropped");
  body = body_of(0x13);
  body.algorithm = 99;
  CHECK(fate(body) == "dropped");
}

TEST_CASE("what two readers could understand differently is dropped and a revocation refused") {
  const std::vector<std::vector<Bytes>> doubtful = {
      {test::subpacket(2, integer(1, 4))},                                     // a second creation time
      {test::subpacket(9, integer(1, 4)), test::subpacket(9, integer(2, 4))},  // two key expirations
      {test::subpacket(27, Bytes{1}), test::subpacket(27, Bytes{2})},          // two sets of flags
      {test::subpacket(9, integer(1, 3))},                                     // too short
      {test::subpacket(3, integer(1, 5))},                                     // too long
      {test::subpacket(25, Bytes{})},                                          // a primary user id without a value
      {test::subpacket(27, Bytes{})},                                          // flags without a value
      {critical(100, Bytes{1})},                                               // unknown and critical
      {critical(20, Bytes(12, 0))},                                            // a critical notation
      {test::subpacket(5, Bytes(21, 0))},                                      // a trust of another length
      {test::subpacket(20, Bytes(9, 0))},                                      // a notation longer than its parts
      {test::subpacket(32, Bytes(9, 4))},  // an embedded signature where none belongs
      {test::subpacket(29, Bytes{})},      // a reason without a code
  };
  for (const auto& hashed : doubtful) {
    CHECK(fate_with(0x13, hashed) == "dropped");
    CHECK(fate_with(0x1F, hashed) == "dropped");
    for (const int revocation : {0x20, 0x28, 0x30}) CHECK(fate_with(revocation, hashed) == "packet_refused");
  }
  SignatureBody timeless = body_of(0x13);
  timeless.hashed.pop_back();
  CHECK(fate(timeless) == "dropped");
  timeless.signature_class = 0x20;
  CHECK(fate(timeless) == "packet_refused");
}

TEST_CASE("what every reader knows may be critical and what none knows may be there") {
  CHECK(fate_with(0x13, {critical(9, integer(1, 4)), critical(27, Bytes{1}), critical(11, Bytes{9})}) == "kept");
  CHECK(fate_with(0x20, {critical(29, Bytes{2})}) == "kept");
  CHECK(fate_with(0x13, {test::subpacket(100, Bytes(3, 1)), test::subpacket(20, Bytes(8, 0))}) == "kept");
}

TEST_CASE("the binding of a subkey that could sign says what it is for") {
  SignatureBody silent = body_of(0x18);
  silent.hashed.pop_back();
  CHECK(fate(silent, kEdDsa) == "dropped");
  CHECK(fate(silent, kRsa) == "dropped");
  CHECK(fate(silent, kEcdh) == "kept");
  silent.signature_class = 0x13;
  CHECK(fate(silent, kEdDsa) == "kept");
}
