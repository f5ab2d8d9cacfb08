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

TEST_CASE("a session key is short where it is a byte shorter than the modulus of the key that it is for") {
  const auto rsa = [](std::uint8_t tag, std::size_t modulus_bytes) {
    return packet(tag, concat({{4}, integer(1, 4), {1}, mpi(Bytes(modulus_bytes, 0x81)), mpi(Bytes{1, 0, 1})}));
  };
  const auto fingerprint_of = [](const Bytes& key) {
    return openpgp::gate::admit_certificate(to_string(key), 4096).value().fingerprint();
  };
  // A primary of 256 bytes, its user id, and a subkey of 384.
  const Fingerprint primary = fingerprint_of(rsa(6, 256));
  const Fingerprint subkey = fingerprint_of(rsa(6, 384));
  const auto by_primary = [&](std::uint8_t signature_class) {
    SignatureBody body = SignatureBody::good();
    body.signature_class = signature_class;
    body.hashed[0] = subpacket(33, concat({{4}, Bytes(primary.bytes().begin(), primary.bytes().end())}));
    if (signature_class == 0x18) body.hashed.push_back(subpacket(27, Bytes{4}));
    body.unhashed = {subpacket(16, primary.key_id())};
    return packet(2, body.bytes());
  };
  const auto certificate = openpgp::gate::admit_certificate(
      to_string(concat({rsa(6, 256), packet(13, to_bytes("Alice")), by_primary(0x13), rsa(14, 384), by_primary(0x18)})),
      4096);
  REQUIRE(certificate);
  const auto is_short = [&](const Fingerprint& key, const Bytes& encrypted) {
    const Bytes message = packet(1, concat({{3}, Bytes(8, 0xA5), {1}, mpi(encrypted)}));
    return openpgp::gate::has_short_session_key(message, *certificate, key).value();
  };
  CHECK(is_short(primary, Bytes(255, 0xFF)));
  CHECK_FALSE(is_short(primary, concat({{1}, Bytes(255, 0)})));
  CHECK(is_short(subkey, Bytes(383, 0xFF)));
  CHECK_FALSE(is_short(subkey, concat({{1}, Bytes(383, 0)})));
  CHECK_FALSE(is_short(kKey, Bytes(1, 1)));  // which is no key of the certificate
}
