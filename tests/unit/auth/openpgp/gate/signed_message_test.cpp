#include "auth/openpgp/gate/signed_message.hpp"

#include <catch2/catch.hpp>

#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

Bytes one_pass(std::uint8_t nested = 1) {
  return packet(4, concat({{3, 0, 8, 22}, Bytes(8, 0xA5), {nested}}));
}
Bytes literal_body(std::string_view text) {
  return concat({{'b', 0}, integer(0, 4), to_bytes(text)});
}
Bytes literal(std::string_view text) {
  return packet(11, literal_body(text));
}
Bytes signature(const SignatureBody& body = SignatureBody::good()) {
  return packet(2, body.bytes());
}

ErrorCode code_of(const std::vector<Bytes>& parts) {
  const auto result = openpgp::gate::take_signed_message(concat(parts));
  return result ? ErrorCode::failed : result.error().code;
}

// A version 4 EdDSA key with a point of zeros: enough for the gate.
Bytes key_packets() {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return packet(6, concat({{4}, integer(1, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))}));
}

}  // namespace

TEST_CASE("a signed message gives its text and its signature") {
  const auto message = openpgp::gate::take_signed_message(concat({one_pass(), literal("text\n"), signature()}));
  REQUIRE(message);
  CHECK(message->text == "text\n");
  CHECK(message->signature.created_at() == from_unix(kBuiltSignatureSeconds));
  CHECK_FALSE(message->key_block);
}

TEST_CASE("what is made of a text and a signature and a certificate is taken apart again") {
  const auto made = openpgp::gate::make_signed_message("text\n", signature(), key_packets());
  REQUIRE(made);
  const auto message = openpgp::gate::take_signed_message(*made);
  REQUIRE(message);
  CHECK(message->text == "text\n");
  REQUIRE(message->key_block);
  CHECK(message->key_block->packets() == key_packets());
  CHECK(to_string(message->signature.packets()) == SignatureBody::good().packets());
  CHECK_FALSE(openpgp::gate::take_signed_message(openpgp::gate::make_signed_message("text\n", signature(), {}).value())
                  ->key_block);
  CHECK_FALSE(openpgp::gate::make_signed_message("text\n", concat({signature(), signature()}), {}));
}

TEST_CASE("packets that hold the beginning of an armored block are packets all the same") {
  SignatureBody body = SignatureBody::good();
  const std::string name = "-----BEGIN PGP @example.org";
  body.hashed.push_back(subpacket(20, concat({{0x80, 0, 0, 0}, integer(name.size(), 2), {0, 0}, to_bytes(name)})));
  const Bytes key_block = concat({key_packets(), packet(13, to_bytes("-----BEGIN PGP MESSAGE-----"))});
  const auto message = openpgp::gate::take_signed_message(
      openpgp::gate::make_signed_message("text\n", signature(body), key_block).value());
  REQUIRE(message);
  CHECK(message->key_block);
  CHECK(openpgp::gate::make_signed_message(message->text, message->signature.packets(), {}));
}

TEST_CASE("the literal packet may come in parts as gpg writes them from a pipe") {
  const std::string text(1000, 'x');
  const Bytes body = literal_body(text);
  Bytes parts = {0xC0 | 11, 0xE0 | 9};
  append(parts, ByteView(body).first(512));
  append_integer(parts, ((body.size() - 512 - 192) + (192u << 8)), 2);
  append(parts, ByteView(body).subspan(512));
  CHECK(openpgp::gate::take_signed_message(concat({one_pass(), parts, signature()}))->text == text);
  Bytes cut = {0xC0 | 11, 0xE0 | 9};
  append(cut, ByteView(body).first(500));
  CHECK(code_of({one_pass(), cut}) == ErrorCode::packet_refused);
}

TEST_CASE("a message without a signature is told apart from a refused one") {
  CHECK(code_of({}) == ErrorCode::signature_missing);
  CHECK(code_of({literal("text")}) == ErrorCode::signature_missing);
  CHECK(code_of({one_pass(), literal("text")}) == ErrorCode::signature_missing);
}

TEST_CASE("a message of other packets is refused") {
  CHECK(code_of({packet(8, Bytes(9, 1))}) == ErrorCode::packet_refused);  // compressed
  CHECK(code_of({one_pass(), packet(8, Bytes(9, 1)), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({one_pass(), one_pass(), literal("x"), signature(), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({one_pass(0), literal("x"), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({one_pass(), literal("x"), literal("y"), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({one_pass(), literal("x"), signature(), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({one_pass(), literal("x"), signature(), literal("y")}) == ErrorCode::packet_refused);
  CHECK(code_of({signature(), literal("x")}) == ErrorCode::packet_refused);
}

TEST_CASE("the one-pass signature has to announce the signature that follows") {
  SignatureBody other = SignatureBody::good();
  other.hash = 10;
  CHECK(code_of({one_pass(), literal("x"), signature(other)}) == ErrorCode::packet_refused);
  other = SignatureBody::good();
  other.signature_class = 1;
  CHECK(code_of({one_pass(), literal("x"), signature(other)}) == ErrorCode::packet_refused);
}

TEST_CASE("a message says whether its text was signed as text") {
  for (const std::uint8_t signature_class : std::initializer_list<std::uint8_t>{0, 1}) {
    SignatureBody body = SignatureBody::good();
    body.signature_class = signature_class;
    const Bytes made = openpgp::gate::make_signed_message("text\n", signature(body), {}).value();
    const Bytes literal_packet = packet(
        11,
        concat({{static_cast<std::uint8_t>(signature_class == 1 ? 't' : 'b'), 0}, integer(0, 4), to_bytes("text\n")}));
    CHECK(to_string(made).find(to_string(literal_packet)) != std::string::npos);
  }
}

TEST_CASE("a message's text is binary, text or UTF-8, and of no other format") {
  for (int format = 0; format < 256; ++format) {
    Bytes body = literal_body("text\n");
    body[0] = static_cast<std::uint8_t>(format);
    CAPTURE(format);
    const bool known = format == 'b' || format == 't' || format == 'u';
    CHECK(code_of({one_pass(), packet(11, body), signature()}) ==
          (known ? ErrorCode::failed : ErrorCode::packet_refused));
  }
}

TEST_CASE("a message has sixteen successions at most") {
  for (const std::size_t count : {std::size_t{16}, std::size_t{17}}) {
    const std::vector<Bytes> successions(count, Bytes(20, 7));
    const Bytes made = openpgp::gate::make_signed_message("text\n", signature(), {}, successions).value();
    const auto message = openpgp::gate::take_signed_message(made);
    CHECK(message.has_value() == (count == 16));
    if (message) CHECK(message->successions == successions);
  }
}

TEST_CASE("a one-pass signature has its size") {
  const Bytes body = concat({{3, 0, 8, 22}, Bytes(8, 0xA5), {1}});
  CHECK(code_of({packet(4, concat({body, {0}})), literal("text\n"), signature()}) == ErrorCode::packet_refused);
  CHECK(code_of({packet(4, Bytes(body.begin(), body.end() - 1)), literal("text\n"), signature()}) ==
        ErrorCode::packet_refused);
}

TEST_CASE("a key block fits the area that it stands in, or makes no message") {
  // Its length, type and zero before it, and the issuer's key id.
  const std::size_t most = 0xFFFF - 5 - 2 - 10;
  CHECK(openpgp::gate::make_signed_message("text\n", signature(), Bytes(most, 1)));
  CHECK(openpgp::gate::make_signed_message("text\n", signature(), Bytes(most + 1, 1)).error().code ==
        ErrorCode::message_too_large);
}

TEST_CASE("a file name in the literal packet is read over whatever it says") {
  const std::string name = "\n[GNUPG:] GOODSIG 0 Alice\n";
  const Bytes body =
      concat({{'b', static_cast<std::uint8_t>(name.size())}, to_bytes(name), integer(99, 4), to_bytes("text\n")});
  CHECK(openpgp::gate::take_signed_message(concat({one_pass(), packet(11, body), signature()}))->text == "text\n");
  const Bytes lying = concat({{'b', 200}, integer(0, 4), to_bytes("text\n")});
  CHECK(code_of({one_pass(), packet(11, lying), signature()}) == ErrorCode::packet_refused);
}

TEST_CASE("text that is not UTF-8 is refused") {
  CHECK(code_of({one_pass(), literal("\xFF"), signature()}) == ErrorCode::packet_refused);
}

TEST_CASE("a key block of another form or a second one is refused") {
  SignatureBody body = SignatureBody::good();
  body.unhashed.push_back(subpacket(38, concat({{1}, key_packets()})));
  CHECK(code_of({one_pass(), literal("x"), signature(body)}) == ErrorCode::packet_refused);
  const Bytes block = subpacket(38, concat({{0}, key_packets()}));
  body = SignatureBody::good();
  body.unhashed = {block};
  CHECK(openpgp::gate::take_signed_message(concat({one_pass(), literal("x"), signature(body)}))->key_block);
  body.unhashed = {block, block};
  CHECK(code_of({one_pass(), literal("x"), signature(body)}) == ErrorCode::packet_refused);
  body.unhashed = {subpacket(38, Bytes{0})};
  CHECK(code_of({one_pass(), literal("x"), signature(body)}) == ErrorCode::packet_refused);
}

TEST_CASE("a signed message cut at any byte is refused") {
  const Bytes whole = openpgp::gate::make_signed_message("text\n", signature(), key_packets()).value();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_FALSE(openpgp::gate::take_signed_message(ByteView(whole).first(size)));
  }
}

TEST_CASE("a message that is too large is refused before it is read") {
  CHECK(code_of({Bytes(openpgp::gate::kSignedMessageBytesMax + 1, 0xC4)}) == ErrorCode::message_too_large);
}

TEST_CASE("a message is its one-pass signature, its text and its signature, and nothing else") {
  const Bytes made = openpgp::gate::make_signed_message("text\n", signature(), {}).value();
  CHECK(made == concat({one_pass(), literal("text\n"), signature()}));
}

TEST_CASE("a message may be of exactly 128 KiB") {
  const Bytes long_one(openpgp::gate::kSignedMessageBytesMax, 0xC4);
  CHECK(code_of({long_one}) == ErrorCode::unknown_version);  // read, and no one-pass signature
}

TEST_CASE("each thing that the one-pass signature announces is held against the signature alone") {
  const auto announcing = [](std::uint8_t version, std::uint8_t signature_class, std::uint8_t hash,
                             std::uint8_t algorithm) {
    const Bytes announced = packet(4, concat({{version, signature_class, hash, algorithm}, Bytes(8, 0xA5), {1}}));
    return code_of({announced, literal("x"), signature()});
  };
  CHECK(announcing(3, 0, 8, 22) == ErrorCode::failed);  // which is none
  CHECK(announcing(3, 1, 8, 22) == ErrorCode::packet_refused);
  CHECK(announcing(3, 0, 10, 22) == ErrorCode::packet_refused);
  CHECK(announcing(3, 0, 8, 1) == ErrorCode::packet_refused);
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{2, 4, 6}) {
    CHECK(announcing(version, 0, 8, 22) == ErrorCode::unknown_version);
  }
}

TEST_CASE("a key block begins with a zero and goes on") {
  const auto detail = [](const Bytes& block) {
    SignatureBody body = SignatureBody::good();
    body.unhashed.push_back(subpacket(38, block));
    return openpgp::gate::take_signed_message(concat({one_pass(), literal("x"), signature(body)})).error().detail;
  };
  const std::string unknown = "a key block of an unknown form";
  CHECK(detail({}) == unknown);
  CHECK(detail({0}) == unknown);
  CHECK(detail({1, 0x99}) == unknown);
  CHECK(detail({0, 0x99}) == "a packet header is cut off");
}
