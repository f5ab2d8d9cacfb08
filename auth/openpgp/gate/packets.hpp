// Packet headers and lengths (RFC 4880 §4.2), multiprecision integers (§3.2). For the gate's own files. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

namespace tag {
inline constexpr std::uint8_t kSessionKey = 1;
inline constexpr std::uint8_t kSignature = 2;
inline constexpr std::uint8_t kOnePassSignature = 4;
inline constexpr std::uint8_t kSecretKey = 5;
inline constexpr std::uint8_t kPublicKey = 6;
inline constexpr std::uint8_t kSecretSubkey = 7;
inline constexpr std::uint8_t kCompressed = 8;
inline constexpr std::uint8_t kMarker = 10;
inline constexpr std::uint8_t kLiteral = 11;
inline constexpr std::uint8_t kTrust = 12;
inline constexpr std::uint8_t kUserId = 13;
inline constexpr std::uint8_t kPublicSubkey = 14;
inline constexpr std::uint8_t kUserAttribute = 17;
inline constexpr std::uint8_t kIntegrityProtected = 18;
inline constexpr std::uint8_t kPadding = 21;
}  // namespace tag

// "signature (2)", for error texts.
std::string packet_name(std::uint8_t tag);

struct Packet {
  std::uint8_t tag = 0;
  ByteView body;
};

// What a signature over this public key, subkey or user id hashes of it (RFC 4880 §5.2.4); the SHA-1 of a key's is its
// fingerprint (§12.2).
Bytes hashed_form(const Packet& packet);

// Walks over packets. Old and new headers, exact lengths only: partial and indeterminate ones are refused, and so is a
// body that the input does not hold in full. packet_refused.
class PacketReader {
 public:
  explicit PacketReader(ByteView bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  Result<Packet> next();
  // The next packet, which must have that tag; its body may come in partial lengths and is put together here. gpg and
  // librnp write them where they cannot know the length. Only for data packets. message_too_large besides.
  Result<Bytes> next_whole(std::uint8_t tag, std::size_t bytes_max);

 private:
  ByteView rest_;
};

// With a new-format header of the shortest form.
void append_packet(Bytes& out, std::uint8_t tag, ByteView body);

// Takes fields off the front of a packet's body; every method fails with packet_refused where too little is left.
class BodyReader {
 public:
  explicit BodyReader(ByteView body) : rest_(body) {}
  bool at_end() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }
  Result<ByteView> take(std::size_t size_bytes);
  Result<std::uint64_t> integer(std::size_t width);
  // The value of an MPI; its declared bits are rounded up to bytes.
  Result<ByteView> mpi(std::size_t bits_max);

 private:
  ByteView rest_;
};

// The number of bits up to the highest one that is set.
std::size_t bit_length(ByteView integer);

}  // namespace countersign::auth::openpgp::gate
