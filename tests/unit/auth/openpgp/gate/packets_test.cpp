#include "auth/openpgp/gate/packets.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::auth::openpgp::gate;
using namespace countersign::test;

namespace {

bool is_refused(const Bytes& bytes) {
  const auto packet = PacketReader(bytes).next();
  return !packet && packet.error().code == ErrorCode::packet_refused;
}
Result<Bytes> whole(const Bytes& bytes, std::size_t bytes_max) {
  PacketReader reader(bytes);
  auto body = reader.next_whole(tag::kLiteral, bytes_max);
  if (body) CHECK(reader.at_end());
  return body;
}
ErrorCode code_of(const Result<Bytes>& result) {
  return result ? ErrorCode::failed : result.error().code;
}

}  // namespace

TEST_CASE("a packet of any length is read as it was written, under new headers and old ones") {
  for (const std::size_t size : {0, 1, 191, 192, 193, 8383, 8384, 8385, 65535, 65536}) {
    CAPTURE(size);
    const Bytes body(size, 0x5A);
    Bytes written;
    append_packet(written, tag::kUserId, body);
    const std::size_t header = size < 192 ? 2 : size < 8384 ? 3 : 6;
    CHECK(written.size() == header + size);
    std::vector<Bytes> all = {written, old_packet(tag::kUserId, body, 4)};
    if (size <= 0xFFFF) all.push_back(old_packet(tag::kUserId, body, 2));
    if (size <= 0xFF) all.push_back(old_packet(tag::kUserId, body, 1));
    for (const Bytes& bytes : all) {
      PacketReader reader(bytes);
      const auto packet = reader.next();
      REQUIRE(packet);
      CHECK(packet->tag == tag::kUserId);
      CHECK(to_string(packet->body) == to_string(body));
      CHECK(reader.at_end());
      CHECK(is_refused(Bytes(bytes.begin(), bytes.end() - 1)));
    }
  }
}

TEST_CASE("what is no packet with a length is refused") {
  CHECK(is_refused({}));
  CHECK(is_refused({0x4D, 0x00}));                          // without the first bit
  CHECK(is_refused({0xC0, 0x00}));                          // tag 0
  CHECK(is_refused({0x80, 0x00}));                          // tag 0, old
  CHECK(is_refused({0xCD}));                                // no length
  CHECK(is_refused({0xCD, 0xC0}));                          // half of one
  CHECK(is_refused({0xCD, 0xFF, 0, 0, 0}));                 // most of one
  CHECK(is_refused({0xB6, 0, 0, 0}));                       // most of one, old
  CHECK(is_refused({0xB7, 1}));                             // indeterminate
  CHECK(is_refused({0xCD, 0xE0, 1, 0}));                    // partial
  CHECK(is_refused({0xCD, 0xFE, 1, 0}));                    // partial
  CHECK_FALSE(is_refused({0xCD, 0xFF, 0, 0, 0, 1, 0x41}));  // the longest form of a short one
}

TEST_CASE("a packet that may be in parts is read whole and not beyond its limit") {
  const Bytes head = {0xC0 | tag::kLiteral};
  const Bytes parts = concat({head, {0xE1}, {1, 2}, {0xE0}, {3}, {2}, {4, 5}});
  CHECK(whole(parts, 5).value() == Bytes{1, 2, 3, 4, 5});
  CHECK(code_of(whole(parts, 4)) == ErrorCode::message_too_large);
  CHECK(code_of(whole(parts, 2)) == ErrorCode::message_too_large);
  for (std::size_t size = 0; size < parts.size(); ++size) {
    CAPTURE(size);
    CHECK(code_of(whole(Bytes(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(size)), 5)) ==
          ErrorCode::packet_refused);
  }
  for (const Bytes& bytes : {packet(tag::kLiteral, Bytes(9, 1)), old_packet(tag::kLiteral, Bytes(9, 1), 2)}) {
    CHECK(whole(bytes, 9).value() == Bytes(9, 1));
    CHECK(code_of(whole(bytes, 8)) == ErrorCode::message_too_large);
  }
  CHECK(code_of(whole(packet(tag::kUserId, Bytes(9, 1)), 9)) == ErrorCode::packet_refused);
  CHECK(code_of(whole(old_packet(tag::kUserId, Bytes(9, 1), 1), 9)) == ErrorCode::packet_refused);
}

TEST_CASE("every packet has a name to be refused by") {
  const std::vector<std::pair<std::uint8_t, std::string>> names = {{1, "encrypted session key"},
                                                                   {2, "signature"},
                                                                   {3, "symmetric session key"},
                                                                   {4, "one-pass signature"},
                                                                   {5, "secret key"},
                                                                   {6, "public key"},
                                                                   {7, "secret subkey"},
                                                                   {8, "compressed data"},
                                                                   {9, "encrypted data"},
                                                                   {10, "marker"},
                                                                   {11, "literal data"},
                                                                   {12, "trust"},
                                                                   {13, "user id"},
                                                                   {14, "public subkey"},
                                                                   {15, "unknown packet"},
                                                                   {17, "user attribute"},
                                                                   {18, "encrypted and integrity protected data"},
                                                                   {19, "unknown packet"},
                                                                   {21, "padding"},
                                                                   {63, "unknown packet"}};
  for (const auto& [tag, name] : names) CHECK(packet_name(tag) == name + " (" + std::to_string(tag) + ")");
}

TEST_CASE("a body is read to its end and not behind it") {
  const Bytes bytes = {1, 2, 3, 0, 9, 1, 0xFF};
  BodyReader reader(bytes);
  CHECK(reader.integer(1).value() == 1);
  CHECK(reader.integer(2).value() == 0x0203);
  BodyReader again = reader;
  CHECK_FALSE(again.mpi(8));  // 9 bits
  CHECK(to_string(reader.mpi(9).value()) == to_string(Bytes{1, 0xFF}));
  CHECK(reader.at_end());
  CHECK_FALSE(reader.take(1));
  CHECK_FALSE(reader.integer(1));
  CHECK(reader.take(0)->empty());
}

TEST_CASE("an integer has the bits from its first one on") {
  CHECK(bit_length(Bytes{}) == 0);
  CHECK(bit_length(Bytes{0, 0}) == 0);
  CHECK(bit_length(Bytes{1}) == 1);
  CHECK(bit_length(Bytes{0, 0x80}) == 8);
  CHECK(bit_length(Bytes{1, 0}) == 9);
  CHECK(bit_length(Bytes{0xFF, 0, 0}) == 24);
}

TEST_CASE("a header that is cut off is told from a body that is") {
  const auto detail = [](const Bytes& bytes) {
    const auto packet = PacketReader(bytes).next();
    return packet ? "whole" : packet.error().detail;
  };
  const std::string header = "a packet header is cut off", body = "a user id (13) packet is cut off";
  CHECK(detail({0xCD, 0xC0}) == header);
  CHECK(detail({0xCD, 0xC0, 0}) == body);
  CHECK(detail({0xCD, 0xFF, 0, 0, 0}) == header);
  CHECK(detail({0xCD, 0xFF, 0, 0, 0, 0}) == "whole");
  CHECK(detail({0xCD, 0xFF, 0, 0, 0, 1}) == body);
  CHECK(detail({0xB5, 0}) == header);
  CHECK(detail({0xB5, 0, 0}) == "whole");
}

TEST_CASE("what is hashed of a key has two octets of length, and of a user id four") {
  const Bytes two = {7, 8};
  CHECK(hashed_form({tag::kPublicKey, two}) == Bytes{0x99, 0, 2, 7, 8});
  CHECK(hashed_form({tag::kPublicSubkey, ByteView(two).first(1)}) == Bytes{0x99, 0, 1, 7});
  CHECK(hashed_form({tag::kUserId, two}) == Bytes{0xB4, 0, 0, 0, 2, 7, 8});
}
