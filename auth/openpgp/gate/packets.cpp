#include "auth/openpgp/gate/packets.hpp"

#include <bit>

namespace countersign::auth::openpgp::gate {
namespace {

// A new-format length (RFC 4880 §4.2.2).
struct Length {
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  bool partial = false;
};

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Result<Length> new_length(ByteView bytes) {
  const auto cut = fail(ErrorCode::packet_refused, "a packet header is cut off");
  if (bytes.empty()) return cut;
  const std::size_t first = bytes[0];
  if (first < 192) return Length{1, first, false};
  if (first < 224) {
    if (bytes.size() < 2) return cut;
    return Length{2, ((first - 192) << 8) + bytes[1] + 192, false};
  }
  if (first < 255) return Length{1, std::size_t{1} << (first & 0x1F), true};
  if (bytes.size() < 5) return cut;
  return Length{5, static_cast<std::size_t>(big_endian(bytes.subspan(1, 4))), false};
}

Result<Length> old_length(ByteView bytes, unsigned length_type) {
  if (length_type == 3) return fail(ErrorCode::packet_refused, "a packet of indeterminate length");
  const std::size_t width = std::size_t{1} << length_type;
  if (bytes.size() < width) return fail(ErrorCode::packet_refused, "a packet header is cut off");
  return Length{width, static_cast<std::size_t>(big_endian(bytes.first(width))), false};
}

}  // namespace

std::string packet_name(std::uint8_t tag) {
  std::string name;
  switch (tag) {
    case 1:
      name = "encrypted session key";
      break;
    case tag::kSignature:
      name = "signature";
      break;
    case 3:
      name = "symmetric session key";
      break;
    case tag::kOnePassSignature:
      name = "one-pass signature";
      break;
    case tag::kSecretKey:
      name = "secret key";
      break;
    case tag::kPublicKey:
      name = "public key";
      break;
    case tag::kSecretSubkey:
      name = "secret subkey";
      break;
    case tag::kCompressed:
      name = "compressed data";
      break;
    case 9:
      name = "encrypted data";
      break;
    case tag::kMarker:
      name = "marker";
      break;
    case tag::kLiteral:
      name = "literal data";
      break;
    case tag::kTrust:
      name = "trust";
      break;
    case tag::kUserId:
      name = "user id";
      break;
    case tag::kPublicSubkey:
      name = "public subkey";
      break;
    case tag::kUserAttribute:
      name = "user attribute";
      break;
    case 18:
      name = "encrypted and integrity protected data";
      break;
    case tag::kPadding:
      name = "padding";
      break;
    default:
      name = "unknown packet";
      break;
  }
  return name + " (" + std::to_string(tag) + ")";
}

Bytes hashed_form(const Packet& packet) {
  const bool user_id = packet.tag == tag::kUserId;
  Bytes out = {static_cast<std::uint8_t>(user_id ? 0xB4 : 0x99)};
  append_integer(out, packet.body.size(), user_id ? 4 : 2);
  append(out, packet.body);
  return out;
}

Result<Packet> PacketReader::next() {
  if (rest_.empty()) return fail(ErrorCode::packet_refused, "a packet is missing");
  const std::uint8_t first = rest_[0];
  if ((first & 0x80) == 0) return fail(ErrorCode::packet_refused, "this is not an OpenPGP packet");
  const bool new_format = (first & 0x40) != 0;
  const auto packet_tag = static_cast<std::uint8_t>(new_format ? first & 0x3F : first >> 2 & 0x0F);
  if (packet_tag == 0) return fail(ErrorCode::packet_refused, "packet tag 0 is reserved");

  const ByteView after_tag = rest_.subspan(1);
  const Length length = TRY(new_format ? new_length(after_tag) : old_length(after_tag, first & 3U));
  if (length.partial) return fail(ErrorCode::packet_refused, "a partial length in a " + packet_name(packet_tag));
  const ByteView after_header = after_tag.subspan(length.header_bytes);
  if (length.body_bytes > after_header.size()) {
    return fail(ErrorCode::packet_refused, "a " + packet_name(packet_tag) + " packet is cut off");
  }
  rest_ = after_header.subspan(length.body_bytes);
  return Packet{packet_tag, after_header.first(length.body_bytes)};
}

Result<Bytes> PacketReader::next_whole(std::uint8_t tag, std::size_t bytes_max) {
  const auto too_large = fail(ErrorCode::message_too_large, "a " + packet_name(tag) + " packet");
  if (rest_.empty() || rest_[0] != (0xC0 | tag)) {
    const Packet packet = TRY(next());
    if (packet.tag != tag) {
      return fail(ErrorCode::packet_refused, "a " + packet_name(tag) + " expected, not a " + packet_name(packet.tag));
    }
    if (packet.body.size() > bytes_max) return too_large;
    return Bytes(packet.body.begin(), packet.body.end());
  }
  rest_ = rest_.subspan(1);
  Bytes body;
  while (true) {
    const Length length = TRY(new_length(rest_));
    rest_ = rest_.subspan(length.header_bytes);
    if (length.body_bytes > rest_.size()) {
      return fail(ErrorCode::packet_refused, "a " + packet_name(tag) + " packet is cut off");
    }
    if (length.body_bytes > bytes_max - body.size()) return too_large;
    append(body, rest_.first(length.body_bytes));
    rest_ = rest_.subspan(length.body_bytes);
    if (!length.partial) return body;
  }
}

void append_packet(Bytes& out, std::uint8_t tag, ByteView body) {
  out.push_back(static_cast<std::uint8_t>(0xC0 | tag));
  const std::size_t size = body.size();
  if (size < 192) {
    append_integer(out, size, 1);
  } else if (size < 8384) {
    append_integer(out, (size - 192) + (std::size_t{192} << 8), 2);
  } else {
    out.push_back(0xFF);
    append_integer(out, size, 4);
  }
  append(out, body);
}

Result<ByteView> BodyReader::take(std::size_t size_bytes) {
  if (size_bytes > rest_.size()) return fail(ErrorCode::packet_refused, "a packet is shorter than its contents");
  const ByteView taken = rest_.first(size_bytes);
  rest_ = rest_.subspan(size_bytes);
  return taken;
}

Result<std::uint64_t> BodyReader::integer(std::size_t width) {
  return big_endian(TRY(take(width)));
}

Result<ByteView> BodyReader::mpi(std::size_t bits_max) {
  const auto bits = static_cast<std::size_t>(TRY(integer(2)));
  if (bits > bits_max) return fail(ErrorCode::packet_refused, "an integer of " + std::to_string(bits) + " bits");
  return take((bits + 7) / 8);
}

std::size_t bit_length(ByteView integer) {
  while (!integer.empty() && integer[0] == 0) integer = integer.subspan(1);
  if (integer.empty()) return 0;
  return (integer.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(integer[0]));
}

}  // namespace countersign::auth::openpgp::gate
