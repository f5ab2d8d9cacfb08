#include "auth/openpgp/sealing.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::size_t kModulusBytes = 256;

Bytes integer_of(std::size_t bytes, std::uint8_t first = 0x80) {
  Bytes value(bytes, 0x11);
  value[0] = first;
  return value;
}

openpgp::gate::GatedCertificate rsa_certificate() {
  const Bytes key = concat({{4}, integer(1, 4), {1}, mpi(integer_of(kModulusBytes)), mpi(Bytes{1, 0, 1})});
  return openpgp::gate::admit_certificate(packet(6, key), openpgp::gate::kCertificateReadBytesMax).value();
}

Bytes encrypted_to(const Fingerprint& key, const Bytes& session_key) {
  const ByteView key_id = key.key_id();
  Bytes message;
  openpgp::gate::append_packet(message, openpgp::gate::tag::kSessionKey,
                               concat({{3}, Bytes(key_id.begin(), key_id.end()), {1}, mpi(session_key)}));
  openpgp::gate::append_packet(message, openpgp::gate::tag::kIntegrityProtected, concat({{1}, Bytes(60, 9)}));
  return message;
}

// Seals with an engine that gives these session keys in turn; how many were asked for, and the one in the message.
struct Sealed {
  std::size_t tries = 0;
  Bytes message;
};
Sealed seal_with(const std::vector<Bytes>& session_keys) {
  const auto recipient = rsa_certificate();
  const SealRequest request{recipient, recipient.fingerprint(), "text", false};
  Sealed sealed;
  const auto message = sealed_message(request, [&]() -> Result<Bytes> {
    if (sealed.tries == session_keys.size()) return fail(ErrorCode::openpgp_unavailable, "asked too often");
    return encrypted_to(recipient.fingerprint(), session_keys[sealed.tries++]);
  });
  REQUIRE(message);
  sealed.message = openpgp::gate::dearmor("PGP MESSAGE", *message).value();
  return sealed;
}
Bytes expected(const Bytes& session_key) {
  return encrypted_to(rsa_certificate().fingerprint(), session_key);
}

}  // namespace

TEST_CASE("a session key as long as the modulus is taken at once") {
  const Bytes whole = integer_of(kModulusBytes, 1);
  const Sealed sealed = seal_with({whole});
  CHECK(sealed.tries == 1);
  CHECK(sealed.message == expected(whole));
}

TEST_CASE("a session key shorter than the modulus is encrypted again since tokens refuse it") {
  const Bytes whole = integer_of(kModulusBytes, 0x7F);
  const Sealed sealed = seal_with({integer_of(255, 0xFF), integer_of(254, 1), integer_of(255, 1), whole});
  CHECK(sealed.tries == 4);
  CHECK(sealed.message == expected(whole));
}

TEST_CASE("an engine that makes nothing but short session keys is not asked for ever") {
  const Bytes brief = integer_of(255);
  const Sealed sealed = seal_with(std::vector<Bytes>(20, brief));
  CHECK(sealed.tries == 8);
  CHECK(sealed.message == expected(brief));
}

TEST_CASE("an engine that fails as it encrypts again has failed") {
  const auto recipient = rsa_certificate();
  const SealRequest request{recipient, recipient.fingerprint(), "text", false};
  int tries = 0;
  const auto message = sealed_message(request, [&]() -> Result<Bytes> {
    if (++tries == 2) return fail(ErrorCode::openpgp_unavailable, "the engine is gone");
    return encrypted_to(recipient.fingerprint(), integer_of(255));
  });
  REQUIRE_FALSE(message);
  CHECK(message.error().code == ErrorCode::openpgp_unavailable);
}
