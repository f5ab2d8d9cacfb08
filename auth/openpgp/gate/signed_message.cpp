#include "auth/openpgp/gate/signed_message.hpp"

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

// Key block subpackets hold an octet of zero, then a transferable public key (LibrePGP draft, "Key Block").
Result<std::optional<GatedCertificate>> read_key_block(const SignaturePacket& packet) {
  std::optional<GatedCertificate> found;
  for (const Subpacket& each : packet.unhashed) {
    if (each.type != subpacket::kKeyBlock) continue;
    if (found) return fail(ErrorCode::packet_refused, "two key blocks");
    if (each.body.size() < 2 || each.body[0] != 0) {
      return fail(ErrorCode::packet_refused, "a key block of an unknown form");
    }
    found = TRY(admit_certificate(each.body.subspan(1), kCertificateKeptBytesMax));
  }
  return found;
}

Result<std::vector<Bytes>> read_successions(const SignaturePacket& packet) {
  std::vector<Bytes> found;
  for (const Subpacket& each : packet.unhashed) {
    if (each.type != subpacket::kSuccession) continue;
    if (found.size() == kSuccessionSubpacketsMax) return fail(ErrorCode::packet_refused, "too many successions");
    found.emplace_back(each.body.begin(), each.body.end());
  }
  return found;
}

// Format, file name, date, then the text (RFC 4880 §5.9). Name and date are not signed and are read over.
Result<std::string> text_of(ByteView literal) {
  BodyReader reader(literal);
  const auto format = TRY(reader.integer(1));
  if (format != 'b' && format != 't' && format != 'u') {
    return fail(ErrorCode::packet_refused, "literal data of an unknown format");
  }
  const auto name_bytes = static_cast<std::size_t>(TRY(reader.integer(1)));
  TRY(reader.take(name_bytes));
  TRY(reader.take(4));
  if (!is_utf8(as_text(reader.rest()))) return fail(ErrorCode::packet_refused, "the signed text is not UTF-8");
  return to_string(reader.rest());
}

struct OnePass {
  std::uint8_t signature_class = 0;
  std::uint8_t hash_algorithm = 0;
  std::uint8_t public_key_algorithm = 0;
};

Result<OnePass> read_one_pass(ByteView body) {
  BodyReader reader(body);
  if (TRY(reader.integer(1)) != 3)
    return fail(ErrorCode::unknown_version, "a one-pass signature that is not version 3");
  OnePass one_pass;
  one_pass.signature_class = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  one_pass.hash_algorithm = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  one_pass.public_key_algorithm = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  TRY(reader.take(8));
  // Zero would announce another one-pass signature over the same data.
  if (TRY(reader.integer(1)) == 0) return fail(ErrorCode::packet_refused, "a nested one-pass signature");
  if (!reader.at_end()) return fail(ErrorCode::packet_refused, "a one-pass signature of the wrong size");
  return one_pass;
}

}  // namespace

Result<SignedMessage> take_signed_message(ByteView packets) {
  if (packets.size() > kSignedMessageBytesMax) return fail(ErrorCode::message_too_large, "a message of over 128 KiB");
  PacketReader reader(packets);
  if (reader.at_end()) return fail(ErrorCode::signature_missing, "the message is empty");
  const Packet first = TRY(reader.next());
  if (first.tag != tag::kOnePassSignature) {
    if (first.tag == tag::kLiteral) return fail(ErrorCode::signature_missing, "the message is not signed");
    return fail(ErrorCode::packet_refused, "a one-pass signature expected, not a " + packet_name(first.tag));
  }
  const OnePass one_pass = TRY(read_one_pass(first.body));
  const Bytes literal = TRY(reader.next_whole(tag::kLiteral, kSignedMessageBytesMax));
  if (reader.at_end()) return fail(ErrorCode::signature_missing, "the message has no signature");
  const Packet last = TRY(reader.next());
  if (last.tag != tag::kSignature) {
    return fail(ErrorCode::packet_refused, "a signature expected, not a " + packet_name(last.tag));
  }
  if (!reader.at_end()) return fail(ErrorCode::packet_refused, "something stands after the signature");

  GatedSignature signature = TRY(SignatureReader::read(last.body));
  if (signature.signature_class() != one_pass.signature_class ||
      signature.hash_algorithm() != one_pass.hash_algorithm ||
      signature.public_key_algorithm() != one_pass.public_key_algorithm) {
    return fail(ErrorCode::packet_refused, "the one-pass signature announces another signature");
  }
  const SignaturePacket packet = TRY(read_signature_packet(last.body));
  // One by one: a TRY that returns from within a braced list leaks what stands before it there.
  std::string text = TRY(text_of(literal));
  std::optional<GatedCertificate> key_block = TRY(read_key_block(packet));
  std::vector<Bytes> successions = TRY(read_successions(packet));
  return SignedMessage{std::move(text), std::move(signature), std::move(key_block), std::move(successions)};
}

Result<Bytes> make_signed_message(std::string_view text, ByteView signature, ByteView key_block,
                                  std::span<const Bytes> successions) {
  const GatedSignature gated = TRY(admit_signature(signature));
  PacketReader reader(gated.packets());
  const ByteView body = TRY(reader.next()).body;
  const SignaturePacket packet = TRY(read_signature_packet(body));

  Bytes one_pass = {3, gated.signature_class(), gated.hash_algorithm(), gated.public_key_algorithm()};
  append(one_pass, gated.issuer_key_id());
  one_pass.push_back(1);

  Bytes literal = {static_cast<std::uint8_t>(gated.signature_class() == 0x01 ? 't' : 'b'), 0};
  append_integer(literal, 0, 4);
  append(literal, as_bytes(text));

  Bytes unhashed;
  append_subpacket(unhashed, subpacket::kIssuerKeyId, gated.issuer_key_id());
  if (!key_block.empty()) {
    Bytes value = {0};
    append(value, key_block);
    append_subpacket(unhashed, subpacket::kKeyBlock, value);
  }
  for (const Bytes& succession : successions) append_subpacket(unhashed, subpacket::kSuccession, succession);
  if (unhashed.size() > 0xFFFF) return fail(ErrorCode::message_too_large, "a key block of over 64 KiB");
  Bytes signed_body(packet.head.begin(), packet.head.end());
  append_integer(signed_body, unhashed.size(), 2);
  append(signed_body, unhashed);
  append(signed_body, packet.tail);

  Bytes message;
  append_packet(message, tag::kOnePassSignature, one_pass);
  append_packet(message, tag::kLiteral, literal);
  append_packet(message, tag::kSignature, signed_body);
  return message;
}

}  // namespace countersign::auth::openpgp::gate
