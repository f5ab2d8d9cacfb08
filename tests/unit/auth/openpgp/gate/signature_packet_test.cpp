#include "auth/openpgp/gate/signature_packet.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

const Fingerprint kIssuer = Fingerprint::from_bytes(Bytes(20, 0xA5)).value();
const Instant kMade = from_unix(kBuiltSignatureSeconds);

// A signature with these in its hashed area and those in the other, judged by what is asked of it.
template <class Judge>
auto judge(const std::vector<Bytes>& hashed, const std::vector<Bytes>& unhashed, const Judge& judge_it) {
  SignatureBody body = SignatureBody::good();
  body.hashed = hashed;
  body.unhashed = unhashed;
  const Bytes bytes = body.bytes();
  const auto packet = openpgp::gate::read_signature_packet(bytes);
  REQUIRE(packet);
  return judge_it(*packet);
}

bool names(const std::vector<Bytes>& hashed, const std::vector<Bytes>& unhashed) {
  return judge(hashed, unhashed, [](const auto& packet) { return names_issuer(packet, kIssuer); });
}

bool holds(const std::vector<Bytes>& hashed, Instant now) {
  return judge(hashed, {}, [&](const auto& packet) { return holds_at(packet, now); });
}

Bytes made() {
  return test::subpacket(2, integer(kBuiltSignatureSeconds, 4));
}
Bytes lasting(std::uint64_t seconds) {
  return test::subpacket(3, integer(seconds, 4));
}

}  // namespace

TEST_CASE("a signature names its issuer by a fingerprint or by a key id, in either area, and by no other besides") {
  const Bytes fingerprint = test::subpacket(33, concat({{4}, Bytes(20, 0xA5)}));
  const Bytes key_id = test::subpacket(16, Bytes(8, 0xA5));
  for (const Bytes& one : {fingerprint, key_id}) {
    CHECK(names({one}, {}));
    CHECK(names({}, {one}));
    CHECK(names({one}, {one}));
  }
  CHECK(names({fingerprint}, {key_id}));
  CHECK_FALSE(names({}, {}));
  CHECK_FALSE(names({made()}, {made()}));
  const Bytes others[] = {test::subpacket(33, concat({{4}, Bytes(20, 0xA4)})),
                          test::subpacket(33, concat({{6}, Bytes(20, 0xA5)})),
                          test::subpacket(33, concat({{4}, Bytes(19, 0xA5)})),
                          test::subpacket(33, concat({{4}, Bytes(21, 0xA5)})),
                          test::subpacket(16, Bytes(8, 0xA4)),
                          test::subpacket(16, Bytes(7, 0xA5))};
  for (const Bytes& other : others) {
    CHECK_FALSE(names({other}, {}));
    CHECK_FALSE(names({fingerprint}, {other}));
    CHECK_FALSE(names({key_id}, {other}));
    CHECK_FALSE(names({other}, {fingerprint, key_id}));
  }
}

TEST_CASE("a signature holds from when it was made until it ends, where it says that it does") {
  CHECK(holds({made()}, kMade));
  CHECK(holds({made()}, kMade + Seconds(1'000'000'000)));
  CHECK_FALSE(holds({made()}, kMade - Seconds(1)));
  CHECK(holds({made(), lasting(60)}, kMade + Seconds(59)));
  CHECK(holds({lasting(60), made()}, kMade + Seconds(59)));
  CHECK_FALSE(holds({made(), lasting(60)}, kMade + Seconds(60)));
  CHECK(holds({made(), lasting(0)}, kMade + Seconds(60)));
  CHECK_FALSE(holds({lasting(60)}, kMade));
  CHECK_FALSE(holds({}, kMade));
  CHECK_FALSE(holds({made(), test::subpacket(3, integer(60, 3))}, kMade));
  CHECK_FALSE(holds({test::subpacket(2, integer(0, 3))}, kMade));
}

TEST_CASE("when a signature was made is what its hashed area says") {
  const auto created = [](const auto& packet) { return creation_time(packet); };
  CHECK(judge({lasting(5), made()}, {}, created).value() == kMade);
  CHECK_FALSE(judge({lasting(5)}, {made()}, created).value());
  CHECK_FALSE(judge({test::subpacket(2, integer(0, 3))}, {}, created));
}

TEST_CASE("a subpacket of any size is read as it was written") {
  for (const std::size_t size : {0, 1, 190, 191, 192, 16318, 16319, 16320, 60000}) {
    CAPTURE(size);
    Bytes written;
    openpgp::gate::append_subpacket(written, 100, Bytes(size, 7));
    CHECK(written.size() == size + 1 + (size + 1 < 192 ? 1 : size + 1 < 16320 ? 2 : 5));
    judge({written}, {}, [&](const auto& packet) {
      REQUIRE(packet.hashed.size() == 1);
      CHECK(int{packet.hashed[0].type} == 100);
      CHECK(packet.hashed[0].body.size() == size);
    });
  }
}
