// A version 4 public key or subkey packet (RFC 4880 §5.5.2, RFC 6637 §9). For the gate's own files. Pure.
#pragma once

#include <cstdint>

#include "auth/openpgp/fingerprint.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp {

struct KeyPacket {
  std::uint8_t algorithm = 0;  // RFC 4880 §9.1
  Fingerprint fingerprint;
};

// An algorithm whose key material the gate can measure: RSA, ElGamal (encrypt only), DSA, ECDH, ECDSA, EdDSA.
bool is_known_key_algorithm(std::uint8_t algorithm);

// The material of a known algorithm has to fill the packet exactly. Integers have at most 8192 bits and an RSA exponent
// at most 32, so that no stranger's key makes an engine compute for long. unknown_version (any but 4), packet_refused,
// certificate_refused.
Result<KeyPacket> read_key_packet(ByteView body);
// The public part of a secret key or subkey packet (RFC 4880 §5.5.3), of a known algorithm; what stands behind it is
// not looked at. As above.
Result<KeyPacket> read_secret_key_packet(ByteView body);

}  // namespace countersign::auth::openpgp
