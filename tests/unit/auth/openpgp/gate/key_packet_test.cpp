#include "auth/openpgp/gate/key_packet.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::uint8_t kEcdh = 18, kEcdsa = 19, kEddsa = 22;

// RFC 9580 §9.2 and RFC 6637 §11: an OID, the octet that a point begins with, and the octets of the point.
struct Curve {
  const char* name;
  Bytes oid;
  std::uint8_t prefix;
  std::size_t point_bytes;
  std::vector<std::uint8_t> algorithms;
};
const std::vector<Curve>& curves() {
  static const std::vector<Curve> all = {
      {"ed25519", {0x2B, 6, 1, 4, 1, 0xDA, 0x47, 0x0F, 1}, 0x40, 33, {kEddsa}},
      {"cv25519", {0x2B, 6, 1, 4, 1, 0x97, 0x55, 1, 5, 1}, 0x40, 33, {kEcdh}},
      {"nistp256", {0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7}, 0x04, 65, {kEcdh, kEcdsa}},
      {"nistp384", {0x2B, 0x81, 4, 0, 0x22}, 0x04, 97, {kEcdh, kEcdsa}},
      {"nistp521", {0x2B, 0x81, 4, 0, 0x23}, 0x04, 133, {kEcdh, kEcdsa}},
      {"brainpoolP256r1", {0x2B, 0x24, 3, 3, 2, 8, 1, 1, 7}, 0x04, 65, {kEcdh, kEcdsa}},
      {"brainpoolP384r1", {0x2B, 0x24, 3, 3, 2, 8, 1, 1, 0x0B}, 0x04, 97, {kEcdh, kEcdsa}},
      {"brainpoolP512r1", {0x2B, 0x24, 3, 3, 2, 8, 1, 1, 0x0D}, 0x04, 129, {kEcdh, kEcdsa}},
      {"secp256k1", {0x2B, 0x81, 4, 0, 0x0A}, 0x04, 65, {kEcdh, kEcdsa}},
  };
  return all;
}

const Bytes kDerivation = {3, 1, 8, 7};

Bytes body(std::uint8_t algorithm, const Bytes& oid, const Bytes& point, const Bytes& derivation = kDerivation) {
  return concat({{4},
                 integer(1'700'000'000, 4),
                 {algorithm, static_cast<std::uint8_t>(oid.size())},
                 oid,
                 mpi(point),
                 algorithm == kEcdh ? derivation : Bytes()});
}
Bytes point_of(std::uint8_t prefix, std::size_t bytes) {
  Bytes point(bytes, 0x11);
  point[0] = prefix;
  return point;
}
bool is_known(const Bytes& key) {
  const auto read = openpgp::gate::read_key_packet(key);
  return read && read->is_known;
}
bool is_refused(const Bytes& key) {
  const auto read = openpgp::gate::read_key_packet(key);
  return !read && read.error().code == ErrorCode::packet_refused;
}

}  // namespace

TEST_CASE("every known curve has points of one size that begin with one octet, under the algorithms that it is for") {
  for (const Curve& curve : curves()) {
    for (const std::uint8_t algorithm : {kEcdh, kEcdsa, kEddsa}) {
      CAPTURE(curve.name, int{algorithm});
      const bool fits = std::count(curve.algorithms.begin(), curve.algorithms.end(), algorithm) > 0;
      const Bytes key = body(algorithm, curve.oid, point_of(curve.prefix, curve.point_bytes));
      CHECK(is_known(key) == fits);
      if (!fits) continue;
      CHECK(openpgp::gate::read_key_packet(key)->algorithm == algorithm);
      CHECK(is_refused(body(algorithm, curve.oid, point_of(curve.prefix, curve.point_bytes - 1))));
      CHECK(is_refused(body(algorithm, curve.oid, point_of(curve.prefix, curve.point_bytes + 1))));
      const std::uint8_t other = curve.prefix == 0x40 ? 0x44 : 0x05;  // of as many bits
      CHECK(is_refused(body(algorithm, curve.oid, point_of(other, curve.point_bytes))));
      CHECK(is_refused(concat({key, {0}})));
    }
  }
}

TEST_CASE("a curve that is not known makes a key that is not known, and one without an OID none") {
  Bytes oid = curves()[0].oid;
  ++oid.back();
  CHECK_FALSE(is_known(body(kEddsa, oid, point_of(0x40, 33))));
  CHECK_FALSE(is_refused(body(kEddsa, oid, point_of(0x40, 33))));
  CHECK(is_refused(body(kEddsa, {}, point_of(0x40, 33))));
  CHECK(is_refused(concat({{4}, integer(1, 4), {kEddsa, 0xFF}, Bytes(300, 1)})));
}

TEST_CASE("ECDH has a derivation with a known hash and cipher, or is a key that is not known") {
  const auto with = [](const Bytes& derivation) {
    return body(kEcdh, curves()[1].oid, point_of(0x40, 33), derivation);
  };
  for (std::uint8_t hash = 0; hash < 16; ++hash) {
    for (std::uint8_t cipher = 0; cipher < 16; ++cipher) {
      CAPTURE(int{hash}, int{cipher});
      const bool known = hash >= 8 && hash <= 10 && cipher >= 7 && cipher <= 9;
      CHECK(is_known(with({3, 1, hash, cipher})) == known);
    }
  }
  CHECK_FALSE(is_known(with({3, 0, 8, 7})));
  CHECK_FALSE(is_known(with({3, 2, 8, 7})));
  CHECK_FALSE(is_known(with({2, 1, 8})));
  CHECK_FALSE(is_known(with({4, 1, 8, 7, 7})));
  CHECK(is_refused(with({3, 1, 8})));  // cut off
  CHECK(is_refused(with({})));
}

TEST_CASE("RSA, ElGamal and DSA have as many integers as they have, and each says its own size") {
  const auto key = [](std::uint8_t algorithm, std::size_t integers) {
    Bytes out = concat({{4}, integer(1, 4), {algorithm}});
    for (std::size_t i = 0; i < integers; ++i) append(out, mpi(Bytes(i == 1 ? 3 : 128, 0x81)));
    return out;
  };
  for (const auto& [algorithm, count] :
       {std::pair<std::uint8_t, std::size_t>{1, 2}, {2, 2}, {3, 2}, {16, 3}, {17, 4}}) {
    CAPTURE(int{algorithm});
    CHECK(is_known(key(algorithm, count)));
    CHECK(is_refused(key(algorithm, count - 1)));
    CHECK(is_refused(key(algorithm, count + 1)));
  }
  const auto rsa = [](const Bytes& modulus, const Bytes& exponent) {
    return concat({{4}, integer(1, 4), {1}, modulus, exponent});
  };
  const Bytes three = mpi(Bytes{3});
  CHECK(is_known(rsa(mpi(Bytes(1024, 0x81)), three)));
  CHECK(is_refused(rsa(mpi(Bytes(1025, 0x81)), three)));                                     // over 8192 bits
  CHECK(is_refused(rsa(concat({{0, 9}, {1, 0}}), concat({{0, 3}, {3}}))));                   // of 2 bits, not 3
  CHECK(is_known(rsa(mpi(Bytes(256, 0x81)), mpi(Bytes(4, 0xFF)))));                          // 32 bits
  CHECK_FALSE(is_known(rsa(mpi(Bytes(256, 0x81)), mpi(Bytes{1, 0xFF, 0xFF, 0xFF, 0xFF}))));  // 33 bits
  CHECK_FALSE(is_known(concat({{4}, integer(1, 4), {99}, Bytes(40, 1)})));
}

TEST_CASE("a key's packet is of 64 KiB at most, less one") {
  const auto unknown = [](std::size_t bytes) {
    Bytes key = concat({{4}, integer(1, 4), {99}});
    key.resize(bytes, 1);
    return key;
  };
  const auto longest = openpgp::gate::read_key_packet(unknown(0xFFFF));
  REQUIRE(longest);
  CHECK_FALSE(longest->is_known);
  CHECK(is_refused(unknown(0x10000)));
}
