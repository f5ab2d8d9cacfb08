// Builds OpenPGP packets byte by byte, well-formed or not, for tests of the gate.
#pragma once

#include <string>
#include <vector>

#include "storage/base/bytes.hpp"

namespace countersign::test {

// A packet with a new-format header of the shortest form.
Bytes packet(std::uint8_t tag, ByteView body);
// With an old-format header and a length of 1, 2 or 4 bytes.
Bytes old_packet(std::uint8_t tag, ByteView body, std::size_t length_bytes);
Bytes subpacket(std::uint8_t type, ByteView body);
Bytes integer(std::uint64_t value, std::size_t width);
// Two bytes of bits, then the value: the exact number, or all of them where it begins with a zero.
Bytes mpi(ByteView value);
Bytes concat(const std::vector<Bytes>& parts);

// The body of a version 4 signature; the defaults make one that the gate takes.
struct SignatureBody {
  std::uint8_t version = 4;
  std::uint8_t signature_class = 0x00;
  std::uint8_t algorithm = 22;
  std::uint8_t hash = 8;
  std::vector<Bytes> hashed;
  std::vector<Bytes> unhashed;
  Bytes tail;  // left 16 bits and integers

  // Created at 2026-01-01, issued by the key whose fingerprint is twenty times 0xA5.
  static SignatureBody good();
  Bytes bytes() const;
  std::string packets() const { return to_string(packet(2, bytes())); }
};

inline constexpr std::int64_t kBuiltSignatureSeconds = 1767225600;
// Version and twenty bytes of 0xA5.
Bytes built_issuer();

}  // namespace countersign::test
