#include "auth/openpgp/gate/encrypted_message.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

const Fingerprint kKey = Fingerprint::from_bytes(Bytes(20, 0xA5)).value();

// Version, key id, algorithm, and what is encrypted to the key.
Bytes session_key(std::uint8_t version = 3, std::uint8_t id = 0xA5) {
  return concat({{version}, Bytes(8, id), {18}, Bytes(40, 7)});
}
Bytes data(std::uint8_t version = 1) {
  return concat({{version}, Bytes(60, 9)});
}

Result<Bytes> address(const std::vector<Bytes>& packets, bool hide_recipient = false) {
  return openpgp::gate::address_message(concat(packets), kKey, hide_recipient);
}
std::string refusal(const std::vector<Bytes>& packets) {
  const auto result = address(packets);
  if (result) return "";
  CHECK((result.error().code == ErrorCode::openpgp_unavailable || result.error().code == ErrorCode::packet_refused));
  return result.error().detail;
}

}  // namespace

TEST_CASE("a message to one key passes as it is, or with its recipient hidden") {
  const std::vector<Bytes> message = {packet(1, session_key()), packet(18, data())};
  CHECK(address(message).value() == concat(message));
  CHECK(address(message, true).value() == concat({packet(1, session_key(3, 0)), packet(18, data())}));
  CHECK(address({old_packet(1, session_key(), 2), packet(18, data())}).value() == concat(message));
}

TEST_CASE("what an engine made otherwise than it was asked to is no message") {
  const Bytes key = packet(1, session_key());
  const std::string no_key = "the engine wrote no session key of version 3";
  CHECK(refusal({packet(3, session_key()), packet(18, data())}) == no_key);
  CHECK(refusal({packet(1, session_key(2)), packet(18, data())}) == no_key);
  CHECK(refusal({packet(1, session_key(6)), packet(18, data())}) == no_key);
  CHECK(refusal({packet(1, Bytes{3}), packet(18, data())}) == no_key);
  CHECK(refusal({packet(1, concat({{3}, Bytes(8, 0xA5)})), packet(18, data())}) == no_key);
  CHECK(address({packet(1, concat({{3}, Bytes(8, 0xA5), {18}})), packet(18, data())}));
  CHECK(refusal({packet(1, session_key(3, 0xA4)), packet(18, data())}) == "the engine encrypted to another key");
  CHECK(refusal({packet(1, session_key(3, 0)), packet(18, data())}) == "the engine encrypted to another key");
  CHECK_FALSE(refusal({key}).empty());
  CHECK_FALSE(refusal({key, key, packet(18, data())}).empty());
  CHECK_FALSE(refusal({key, packet(9, data())}).empty());
  const std::string no_data = "the engine wrote no integrity protected data of version 1";
  CHECK(refusal({key, packet(18, data(2))}) == no_data);
  CHECK(refusal({key, packet(18, {})}) == no_data);
  CHECK(refusal({key, packet(18, data()), key}) == "the engine wrote more than one message");
}
