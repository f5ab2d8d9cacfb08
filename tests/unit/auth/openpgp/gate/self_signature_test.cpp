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

// "kept", "changed" or the code of the refusal.
std::string fate(const SignatureBody& body, std::uint8_t algorithm = kEdDsa) {
  const Bytes bytes = body.bytes();
  const openpgp::gate::SignaturePacket packet = openpgp::gate::read_signature_packet(bytes).value();
  const auto normalised = normalise_self_signature(packet, issuer(), algorithm);
  if (!normalised) return std::string(name_of(normalised.error().code));
  return *normalised == bytes ? "kept" : "changed";
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
  CHECK(normalised.value() == body_of(0x13).bytes());
}

TEST_CASE("a binding has one back signature that can be read or none") {
  const Bytes back = test::subpacket(32, body_of(0x19).bytes());
  SignatureBody body = body_of(0x18);
  body.unhashed.push_back(back);
  CHECK(fate(body) == "kept");
  body.unhashed.push_back(back);
  CHECK(fate(body) == "packet_refused");
  CHECK(fate_with(0x18, {back}) == "kept");
  CHECK(fate_with(0x18, {test::subpacket(32, body_of(0x18).bytes())}) == "packet_refused");
  CHECK(fate_with(0x18, {test::subpacket(32, Bytes(9, 4))}) == "packet_refused");
  SignatureBody weak = body_of(0x19);
  weak.hash = 99;
  CHECK(fate_with(0x18, {test::subpacket(32, weak.bytes())}) == "packet_refused");
  SignatureBody talkative = body_of(0x19);
  talkative.unhashed.push_back(test::subpacket(9, integer(1, 4)));
  CHECK(fate_with(0x18, {test::subpacket(32, talkative.bytes())}) == "packet_refused");
}

TEST_CASE("an integer has one form") {
  SignatureBody body = body_of(0x13);
  body.tail = concat({integer(0xBEEF, 2), mpi(concat({{0}, Bytes(31, 0x81)})), mpi(Bytes(32, 0x82))});
  CHECK(fate(body) == "changed");
  body.tail = concat({body_of(0x13).tail, {0}});
  CHECK(fate(body) == "packet_refused");
  body.tail = concat({integer(0xBEEF, 2), mpi(Bytes(32, 0x81))});
  CHECK(fate(body) == "packet_refused");
  body = body_of(0x13);
  body.algorithm = 99;
  CHECK(fate(body) == "packet_refused");
}

TEST_CASE("what two readers could understand differently is refused") {
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
    for (const int each : {0x13, 0x1F, 0x20, 0x28, 0x30}) CHECK(fate_with(each, hashed) == "packet_refused");
  }
  SignatureBody timeless = body_of(0x13);
  timeless.hashed.pop_back();
  CHECK(fate(timeless) == "packet_refused");
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
  CHECK(fate(silent, kEdDsa) == "packet_refused");
  CHECK(fate(silent, kRsa) == "packet_refused");
  CHECK(fate(silent, kEcdh) == "kept");
  silent.signature_class = 0x13;
  CHECK(fate(silent, kEdDsa) == "kept");
}

TEST_CASE("a subpacket of a known form has its length, and stands as often as its form says") {
  struct Form {
    std::uint8_t type;
    std::size_t bytes_min;
    std::size_t bytes_max;  // 0: any
    bool once;
  };
  // RFC 4880 §5.2.3; 33: RFC 9580 §5.2.3.35.
  constexpr Form kForms[] = {{2, 4, 4, true},  {3, 4, 4, true},   {4, 1, 1, true},     {5, 2, 2, true},
                             {7, 1, 1, true},  {9, 4, 4, true},   {12, 22, 22, false}, {16, 8, 8, true},
                             {23, 1, 0, true}, {25, 1, 1, true},  {27, 1, 0, true},    {29, 1, 0, true},
                             {30, 1, 0, true}, {31, 18, 0, true}, {33, 21, 21, true}};
  for (const Form& form : kForms) {
    SignatureBody without = body_of(0x13);
    if (form.type == 33) without.hashed.erase(without.hashed.begin());
    if (form.type == 2) without.hashed.pop_back();
    const auto with = [&](std::size_t bytes, int times) {
      SignatureBody body = without;
      for (int i = 0; i < times; ++i) body.hashed.push_back(test::subpacket(form.type, Bytes(bytes, 4)));
      return fate(body);
    };
    CAPTURE(int{form.type});
    CHECK(with(form.bytes_min, 1) == "kept");
    CHECK(with(form.bytes_min - 1, 1) == "packet_refused");
    CHECK(with(form.bytes_min + 1, 1) == (form.bytes_max == 0 ? "kept" : "packet_refused"));
    CHECK(with(form.bytes_min, 2) == (form.once ? "packet_refused" : "kept"));
  }
}

TEST_CASE("a notation fills its subpacket exactly") {
  const auto notation = [](std::size_t name, std::size_t value, std::size_t there) {
    return fate_with(
        0x13, {test::subpacket(20, concat({Bytes(4, 0), integer(name, 2), integer(value, 2), Bytes(there, 1)}))});
  };
  CHECK(notation(3, 5, 8) == "kept");
  CHECK(notation(3, 5, 7) == "packet_refused");
  CHECK(notation(3, 5, 9) == "packet_refused");
  CHECK(notation(5, 3, 2) == "packet_refused");
}

TEST_CASE("critical may be what every reader acts on, and no other subpacket") {
  const std::vector<std::pair<std::uint8_t, std::size_t>> known = {
      {3, 4}, {9, 4}, {11, 3}, {16, 8}, {21, 2}, {22, 1}, {24, 9}, {25, 1}, {26, 9}, {27, 1}, {29, 1}, {30, 1}};
  for (const auto& [type, bytes] : known) {
    CAPTURE(int{type});
    CHECK(fate_with(0x13, {critical(type, Bytes(bytes, 1))}) == "kept");
  }
  const std::vector<std::pair<std::uint8_t, std::size_t>> others = {{4, 1},  {5, 2},  {6, 3},  {7, 1},   {12, 22},
                                                                    {20, 8}, {23, 1}, {28, 9}, {31, 18}, {100, 1}};
  for (const auto& [type, bytes] : others) {
    CAPTURE(int{type});
    CHECK(fate_with(0x13, {test::subpacket(type, Bytes(bytes, 0))}) == "kept");
    CHECK(fate_with(0x13, {critical(type, Bytes(bytes, 0))}) == "packet_refused");
  }
}

TEST_CASE("a self-signature is by a hash that every engine has") {
  for (std::uint8_t hash = 0; hash < 16; ++hash) {
    CAPTURE(int{hash});
    SignatureBody body = body_of(0x13);
    body.hash = hash;
    const bool known = (hash >= 1 && hash <= 3) || (hash >= 8 && hash <= 11);
    CHECK(fate(body) == (known ? "kept" : "packet_refused"));
  }
}

TEST_CASE("only a subkey that can do nothing but encrypt is bound without flags") {
  SignatureBody silent = body_of(0x18);
  silent.hashed.pop_back();
  for (const std::uint8_t algorithm : std::initializer_list<std::uint8_t>{1, 2, 3, 16, 17, 18, 19, 20, 22, 25, 27}) {
    CAPTURE(int{algorithm});
    const bool encrypts_only = algorithm == 2 || algorithm == 16 || algorithm == 18;
    CHECK(fate(silent, algorithm) == (encrypts_only ? "kept" : "packet_refused"));
  }
}

TEST_CASE("what a back signature says of itself has the form of any other") {
  SignatureBody back = body_of(0x19);
  back.hashed.push_back(test::subpacket(3, integer(1, 5)));
  CHECK(fate_with(0x18, {test::subpacket(32, back.bytes())}) == "packet_refused");
  back.hashed.back() = critical(100, Bytes{1});
  CHECK(fate_with(0x18, {test::subpacket(32, back.bytes())}) == "packet_refused");
  back.hashed.back() = test::subpacket(3, integer(1, 4));
  CHECK(fate_with(0x18, {test::subpacket(32, back.bytes())}) == "kept");
}

TEST_CASE("beside a back signature only its issuer may stand unsigned") {
  const auto with = [](const Bytes& beside) {
    SignatureBody back = body_of(0x19);
    back.unhashed = {beside};
    return fate_with(0x18, {test::subpacket(32, back.bytes())});
  };
  CHECK(with(test::subpacket(16, Bytes(8, 1))) == "kept");
  CHECK(with(test::subpacket(33, Bytes(21, 4))) == "kept");
  CHECK(with(test::subpacket(16, Bytes(7, 1))) == "packet_refused");
  CHECK(with(test::subpacket(33, Bytes(20, 4))) == "packet_refused");
  CHECK(with(test::subpacket(16, Bytes(21, 4))) == "packet_refused");
  CHECK(with(test::subpacket(33, Bytes(8, 4))) == "packet_refused");
  CHECK(with(critical(16, Bytes(8, 1))) == "packet_refused");
  CHECK(with(test::subpacket(100, Bytes(8, 1))) == "packet_refused");
}

TEST_CASE("what a self-signature signs is of 8 KiB at most") {
  const auto with_head_of = [](std::size_t bytes) {
    SignatureBody body = body_of(0x13);
    const std::size_t before = 6 + concat(body.hashed).size() + 6;  // and the head of one more subpacket
    body.hashed.push_back(test::subpacket(100, Bytes(bytes - before, 1)));
    return fate(body);
  };
  CHECK(with_head_of(openpgp::gate::kSignatureBytesMax) == "kept");
  CHECK(with_head_of(openpgp::gate::kSignatureBytesMax + 1) == "packet_refused");
}

TEST_CASE("a notation has its flags and both lengths") {
  for (std::size_t bytes = 0; bytes < 8; ++bytes) {
    CHECK(fate_with(0x13, {test::subpacket(20, Bytes(bytes, 0))}) == "packet_refused");
  }
  CHECK(fate_with(0x13, {test::subpacket(20, Bytes(8, 0)), test::subpacket(20, Bytes(8, 0))}) == "kept");
}

TEST_CASE("a back signature counts in either area, and has its integers") {
  const Bytes back = test::subpacket(32, body_of(0x19).bytes());
  SignatureBody body = body_of(0x18);
  body.hashed.push_back(back);
  body.unhashed.push_back(back);
  CHECK(fate(body) == "packet_refused");
  SignatureBody brief = body_of(0x19);
  brief.tail = concat({integer(0xBEEF, 2), mpi(Bytes(32, 0x81))});
  CHECK(fate_with(0x18, {test::subpacket(32, brief.bytes())}) == "packet_refused");
}

TEST_CASE("what takes back is of one of three classes") {
  for (int each = 0; each < 256; ++each) {
    CHECK(openpgp::gate::is_revocation(static_cast<std::uint8_t>(each)) ==
          (each == 0x20 || each == 0x28 || each == 0x30));
  }
}
