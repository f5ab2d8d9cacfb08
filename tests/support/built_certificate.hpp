// Certificates built packet by packet, as nobody's program would write them, for tests of the gate.
#pragma once

#include "auth/openpgp/gate/packet_gate.hpp"
#include "tests/support/packet_builder.hpp"

namespace countersign::test::built {

inline Bytes key_body(std::uint8_t seed, std::uint8_t version = 4) {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return concat({{version}, integer(seed, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))});
}

inline Bytes primary() {
  return packet(6, key_body(1));
}
inline Bytes subkey(std::uint8_t seed = 2) {
  return packet(14, key_body(seed));
}
inline Bytes user_id() {
  return packet(13, to_bytes("Alice <alice@example.org>"));
}

inline auth::Fingerprint primary_fingerprint() {
  return auth::openpgp::gate::admit_certificate(to_string(primary()), 1000).value().fingerprint();
}

inline Bytes issuer_of(const auth::Fingerprint& fingerprint) {
  Bytes body = {4};
  append(body, fingerprint.bytes());
  return subpacket(33, body);
}

// A signature of that class that says the primary key made it.
inline SignatureBody own(std::uint8_t signature_class) {
  SignatureBody body = SignatureBody::good();
  body.signature_class = signature_class;
  body.hashed[0] = issuer_of(primary_fingerprint());
  if (signature_class == 0x18) body.hashed.push_back(subpacket(27, Bytes{2}));
  const auth::Fingerprint fingerprint = primary_fingerprint();
  body.unhashed = {subpacket(16, fingerprint.key_id())};
  return body;
}

// The same, made some seconds earlier.
inline SignatureBody own_before(std::uint8_t signature_class, unsigned seconds) {
  SignatureBody body = own(signature_class);
  body.hashed[1] = subpacket(2, integer(kBuiltSignatureSeconds - seconds, 4));
  return body;
}

inline Bytes own_signature(std::uint8_t signature_class) {
  return packet(2, own(signature_class).bytes());
}
inline Bytes foreign_signature(std::uint8_t signature_class) {
  SignatureBody body = SignatureBody::good();
  body.signature_class = signature_class;
  return packet(2, body.bytes());
}

inline Bytes plain() {
  return concat({primary(), user_id(), own_signature(0x13), subkey(), own_signature(0x18)});
}

inline Result<auth::openpgp::gate::GatedCertificate> admit(const std::vector<Bytes>& parts) {
  return auth::openpgp::gate::admit_certificate(to_string(concat(parts)),
                                                auth::openpgp::gate::kCertificateReadBytesMax);
}
inline ErrorCode code_of(const std::vector<Bytes>& parts) {
  const auto result = admit(parts);
  return result ? ErrorCode::failed : result.error().code;
}

}  // namespace countersign::test::built
