// A version 4 public key or subkey packet (RFC 4880 §5.5.2, RFC 6637 §9). For the gate's own files. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "auth/base/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gate {

inline constexpr std::size_t kIntegerBitsMax = 8192;

// Of a public key algorithm's number (RFC 4880 §9.1).
bool is_rsa(std::uint8_t algorithm);

struct KeyPacket {
  std::uint8_t algorithm = 0;     // RFC 4880 §9.1
  bool is_known = false;          // an algorithm and a curve whose material the gate can measure
  std::size_t public_bytes = 0;   // how much of the body the public part is; all of it where the key is not known
  std::size_t modulus_bytes = 0;  // of an RSA key, else 0
  Fingerprint fingerprint;
};

// Known are RSA, ElGamal (encrypt only), DSA, and ECDH, ECDSA and EdDSA on the curves and with the key derivation that
// every engine has. Their material has to fill the packet exactly; an integer says how many bits it has, a point is of
// its curve's size and form, since engines make different keys of others. Integers have at most kIntegerBitsMax bits
// and an RSA exponent at most 32, so that no stranger's key makes an engine compute for long. unknown_version (any but
// 4), packet_refused, certificate_refused.
Result<KeyPacket> read_key_packet(ByteView body);
// The public part of a secret key or subkey packet (RFC 4880 §5.5.3), of a known algorithm; what stands behind it is
// not looked at. As above.
Result<KeyPacket> read_secret_key_packet(ByteView body);

}  // namespace countersign::auth::openpgp::gate
