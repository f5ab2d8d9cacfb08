#include "tests/support/packet_builder.hpp"

#include <bit>

namespace countersign::test {

Bytes integer(std::uint64_t value, std::size_t width) {
  Bytes out;
  append_integer(out, value, width);
  return out;
}

Bytes packet(std::uint8_t tag, ByteView body) {
  Bytes out = {static_cast<std::uint8_t>(0xC0 | tag)};
  if (body.size() < 192) {
    append_integer(out, body.size(), 1);
  } else {
    out.push_back(0xFF);
    append_integer(out, body.size(), 4);
  }
  append(out, body);
  return out;
}

Bytes old_packet(std::uint8_t tag, ByteView body, std::size_t length_bytes) {
  const std::uint8_t type = length_bytes == 1 ? 0 : length_bytes == 2 ? 1 : 2;
  Bytes out = {static_cast<std::uint8_t>(0x80 | tag << 2 | type)};
  append_integer(out, body.size(), length_bytes);
  append(out, body);
  return out;
}

Bytes subpacket(std::uint8_t type, ByteView body) {
  Bytes out;
  if (body.size() + 1 < 192) {
    append_integer(out, body.size() + 1, 1);
  } else {
    out.push_back(0xFF);
    append_integer(out, body.size() + 1, 4);
  }
  out.push_back(type);
  append(out, body);
  return out;
}

Bytes mpi(ByteView value) {
  const bool counted = !value.empty() && value[0] != 0;
  const std::size_t bits =
      counted ? (value.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(value[0])) : value.size() * 8;
  Bytes out = integer(bits, 2);
  append(out, value);
  return out;
}

Bytes concat(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

Bytes built_issuer() {
  Bytes issuer(21, 0xA5);
  issuer[0] = 4;
  return issuer;
}

SignatureBody SignatureBody::good() {
  SignatureBody body;
  body.hashed = {subpacket(33, built_issuer()), subpacket(2, integer(kBuiltSignatureSeconds, 4))};
  body.unhashed = {subpacket(16, Bytes(8, 0xA5))};
  body.tail = concat({integer(0xBEEF, 2), mpi(Bytes(32, 0x81)), mpi(Bytes(32, 0x82))});
  return body;
}

Bytes SignatureBody::bytes() const {
  const Bytes hashed_area = concat(hashed);
  const Bytes unhashed_area = concat(unhashed);
  return concat({{version, signature_class, algorithm, hash},
                 integer(hashed_area.size(), 2),
                 hashed_area,
                 integer(unhashed_area.size(), 2),
                 unhashed_area,
                 tail});
}

}  // namespace countersign::test
