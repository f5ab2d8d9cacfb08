#include "auth/openpgp/gate/key_packet.hpp"

#include <string>

#include "auth/openpgp/gate/packets.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::openpgp {
namespace {

constexpr std::size_t kIntegerBitsMax = 8192;
constexpr std::size_t kRsaExponentBitsMax = 32;

enum Algorithm : std::uint8_t {
  rsa = 1,
  rsa_encrypt = 2,
  rsa_sign = 3,
  elgamal = 16,
  dsa = 17,
  ecdh = 18,
  ecdsa = 19,
  eddsa = 22
};

// SHA-1 over 0x99, the length and the body (RFC 4880 §12.2).
Result<Fingerprint> fingerprint_of(ByteView body) {
  Bytes hashed = {0x99};
  append_integer(hashed, body.size(), 2);
  append(hashed, body);
  return Fingerprint::from_bytes(sha1(hashed));
}

Status read_integers(BodyReader& reader, int count) {
  for (int i = 0; i < count; ++i) TRY(reader.mpi(kIntegerBitsMax));
  return ok();
}

Status read_rsa(BodyReader& reader) {
  TRY(reader.mpi(kIntegerBitsMax));
  const ByteView exponent = TRY(reader.mpi(kIntegerBitsMax));
  if (bit_length(exponent) > kRsaExponentBitsMax) {
    return fail(ErrorCode::certificate_refused, "an RSA exponent of over 32 bits");
  }
  return ok();
}

// A curve's OID and a point; for ECDH the parameters of its key derivation too.
Status read_curve_point(BodyReader& reader, bool key_derivation) {
  const auto oid_bytes = TRY(reader.integer(1));
  if (oid_bytes == 0 || oid_bytes == 0xFF) return fail(ErrorCode::packet_refused, "a curve without an OID");
  TRY(reader.take(static_cast<std::size_t>(oid_bytes)));
  TRY(reader.mpi(kIntegerBitsMax));
  if (!key_derivation) return ok();
  const auto parameter_bytes = TRY(reader.integer(1));
  TRY(reader.take(static_cast<std::size_t>(parameter_bytes)));
  return ok();
}

Status read_material(BodyReader& reader, std::uint8_t algorithm) {
  switch (algorithm) {
    case rsa:
    case rsa_encrypt:
    case rsa_sign:
      return read_rsa(reader);
    case elgamal:
      return read_integers(reader, 3);
    case dsa:
      return read_integers(reader, 4);
    case ecdh:
      return read_curve_point(reader, true);
    case ecdsa:
    case eddsa:
      return read_curve_point(reader, false);
    default:
      return fail(ErrorCode::certificate_refused, "public key algorithm " + std::to_string(algorithm));
  }
}

Result<KeyPacket> read_public_part(ByteView body, std::size_t& size_bytes) {
  BodyReader reader(body);
  const auto version = TRY(reader.integer(1));
  if (version != 4) {
    return fail(ErrorCode::unknown_version, "an OpenPGP key of version " + std::to_string(version) +
                                                "; this server takes version 4 keys (RFC 4880) only");
  }
  if (body.size() > 0xFFFF) return fail(ErrorCode::packet_refused, "a key packet of over 64 KiB");
  TRY(reader.integer(4));
  KeyPacket key;
  key.algorithm = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  if (is_known_key_algorithm(key.algorithm)) TRY(read_material(reader, key.algorithm));
  size_bytes = body.size() - reader.rest().size();
  key.fingerprint = TRY(fingerprint_of(body.first(size_bytes)));
  return key;
}

}  // namespace

bool is_known_key_algorithm(std::uint8_t algorithm) {
  switch (algorithm) {
    case rsa:
    case rsa_encrypt:
    case rsa_sign:
    case elgamal:
    case dsa:
    case ecdh:
    case ecdsa:
    case eddsa:
      return true;
    default:
      return false;
  }
}

Result<KeyPacket> read_key_packet(ByteView body) {
  std::size_t size_bytes = 0;
  KeyPacket key = TRY(read_public_part(body, size_bytes));
  if (size_bytes == body.size()) return key;
  if (is_known_key_algorithm(key.algorithm)) {
    return fail(ErrorCode::packet_refused, "something stands after the key material");
  }
  key.fingerprint = TRY(fingerprint_of(body));
  return key;
}

Result<KeyPacket> read_secret_key_packet(ByteView body) {
  std::size_t size_bytes = 0;
  KeyPacket key = TRY(read_public_part(body, size_bytes));
  if (!is_known_key_algorithm(key.algorithm)) {
    return fail(ErrorCode::certificate_refused, "public key algorithm " + std::to_string(key.algorithm));
  }
  return key;
}

}  // namespace countersign::auth::openpgp
