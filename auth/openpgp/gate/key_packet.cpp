#include "auth/openpgp/gate/key_packet.hpp"

#include <algorithm>
#include <string>

#include "auth/openpgp/gate/packets.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

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

Result<Fingerprint> fingerprint_of(ByteView body) {
  return Fingerprint::from_bytes(sha1(hashed_form({tag::kPublicKey, body})));
}

constexpr std::uint8_t kEd25519[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
constexpr std::uint8_t kCurve25519[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01};
constexpr std::uint8_t kNistP256[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::uint8_t kNistP384[] = {0x2B, 0x81, 0x04, 0x00, 0x22};
constexpr std::uint8_t kNistP521[] = {0x2B, 0x81, 0x04, 0x00, 0x23};
constexpr std::uint8_t kBrainpoolP256[] = {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07};
constexpr std::uint8_t kBrainpoolP384[] = {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B};
constexpr std::uint8_t kBrainpoolP512[] = {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D};
constexpr std::uint8_t kSecp256k1[] = {0x2B, 0x81, 0x04, 0x00, 0x0A};

// RFC 6637 §11, RFC 9580 §9.2: an uncompressed point, or the native form of one.
struct Curve {
  ByteView oid;
  bool ecdh;
  bool ecdsa;
  bool eddsa;
  std::uint8_t prefix;
  std::size_t point_bytes;
};
constexpr Curve kCurves[] = {
    {kEd25519, false, false, true, 0x40, 33},      {kCurve25519, true, false, false, 0x40, 33},
    {kNistP256, true, true, false, 0x04, 65},      {kNistP384, true, true, false, 0x04, 97},
    {kNistP521, true, true, false, 0x04, 133},     {kBrainpoolP256, true, true, false, 0x04, 65},
    {kBrainpoolP384, true, true, false, 0x04, 97}, {kBrainpoolP512, true, true, false, 0x04, 129},
    {kSecp256k1, true, true, false, 0x04, 65},
};

const Curve* find_curve(std::uint8_t algorithm, ByteView oid) {
  for (const Curve& curve : kCurves) {
    const bool fits = algorithm == ecdh ? curve.ecdh : algorithm == ecdsa ? curve.ecdsa : curve.eddsa;
    if (fits && std::equal(oid.begin(), oid.end(), curve.oid.begin(), curve.oid.end())) return &curve;
  }
  return nullptr;
}

// One that says how many bits it has: a reader that counts them again would read another key.
Result<ByteView> read_integer(BodyReader& reader) {
  BodyReader ahead = reader;
  const auto bits = TRY(ahead.integer(2));
  const ByteView value = TRY(reader.mpi(kIntegerBitsMax));
  if (bit_length(value) != bits) return fail(ErrorCode::packet_refused, "an integer of another size than it says");
  return value;
}

Status read_integers(BodyReader& reader, int count) {
  for (int i = 0; i < count; ++i) TRY(read_integer(reader));
  return ok();
}

// The bytes of its modulus.
Result<std::size_t> read_rsa(BodyReader& reader) {
  const ByteView modulus = TRY(read_integer(reader));
  const ByteView exponent = TRY(read_integer(reader));
  if (bit_length(exponent) > kRsaExponentBitsMax) {
    return fail(ErrorCode::certificate_refused, "an RSA exponent of over 32 bits");
  }
  return modulus.size();
}

// RFC 6637 §9: a reserved 1, a hash and a cipher.
bool is_known_derivation(ByteView parameters) {
  return parameters.size() == 3 && parameters[0] == 1 && parameters[1] >= 8 && parameters[1] <= 10 &&
         parameters[2] >= 7 && parameters[2] <= 9;
}

// A curve's OID and a point; for ECDH the parameters of its key derivation too. False where the curve or the
// derivation is not known: then nothing was measured.
Result<bool> read_curve_point(BodyReader& reader, std::uint8_t algorithm) {
  const auto oid_bytes = TRY(reader.integer(1));
  if (oid_bytes == 0 || oid_bytes == 0xFF) return fail(ErrorCode::packet_refused, "a curve without an OID");
  const Curve* const curve = find_curve(algorithm, TRY(reader.take(static_cast<std::size_t>(oid_bytes))));
  if (curve == nullptr) return false;
  const ByteView point = TRY(read_integer(reader));
  if (point.size() != curve->point_bytes || point[0] != curve->prefix) {
    return fail(ErrorCode::packet_refused, "a point that is none of its curve");
  }
  if (algorithm != ecdh) return true;
  const auto parameter_bytes = TRY(reader.integer(1));
  return is_known_derivation(TRY(reader.take(static_cast<std::size_t>(parameter_bytes))));
}

// False where the algorithm or its curve is not known.
Result<bool> read_material(BodyReader& reader, KeyPacket& key) {
  switch (key.algorithm) {
    case rsa:
    case rsa_encrypt:
    case rsa_sign:
      key.modulus_bytes = TRY(read_rsa(reader));
      return true;
    case elgamal:
      TRY(read_integers(reader, 3));
      return true;
    case dsa:
      TRY(read_integers(reader, 4));
      return true;
    case ecdh:
    case ecdsa:
    case eddsa:
      return read_curve_point(reader, key.algorithm);
    default:
      return false;
  }
}

Result<KeyPacket> read_public_part(ByteView body) {
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
  key.is_known = TRY(read_material(reader, key));
  key.public_bytes = key.is_known ? body.size() - reader.rest().size() : body.size();
  key.fingerprint = TRY(fingerprint_of(body.first(key.public_bytes)));
  return key;
}

}  // namespace

bool is_rsa(std::uint8_t algorithm) {
  return algorithm == rsa || algorithm == rsa_encrypt || algorithm == rsa_sign;
}

Result<KeyPacket> read_key_packet(ByteView body) {
  const KeyPacket key = TRY(read_public_part(body));
  if (key.public_bytes != body.size())
    return fail(ErrorCode::packet_refused, "something stands after the key material");
  return key;
}

Result<KeyPacket> read_secret_key_packet(ByteView body) {
  const KeyPacket key = TRY(read_public_part(body));
  if (!key.is_known) {
    return fail(ErrorCode::certificate_refused, "public key algorithm " + std::to_string(key.algorithm));
  }
  return key;
}

}  // namespace countersign::auth::openpgp::gate
