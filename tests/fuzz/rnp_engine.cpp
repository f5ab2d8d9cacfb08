// Whatever the gate lets through, librnp reads and verifies with, or refuses, and does not fall over. The first two
// bytes say where the certificate ends and the signature begins.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/openpgp/rnp/rnp_openpgp.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* const engine =
      openpgp::rnp::RnpOpenPgp::open(Secret()).value().release();  // librnp does not survive exit handlers
  if (size < 2) return 0;
  const ByteView rest(data + 2, size - 2);
  const std::size_t split = (std::size_t{data[0]} << 8 | data[1]) % (rest.size() + 1);
  const auto certificate =
      openpgp::gate::admit_certificate(as_text(rest.first(split)), openpgp::gate::kCertificateReadBytesMax);
  if (!certificate) return 0;
  const Instant now = from_unix(1'767'225'600);
  const auto facts = engine->inspect(*certificate, now);
  if (facts && facts->primary.fingerprint != certificate->fingerprint()) std::abort();
  const auto signature = openpgp::gate::admit_signature(as_text(rest.subspan(split)));
  if (!signature) return 0;
  const auto verified = engine->verify(*certificate, as_bytes("statement\n"), *signature, now);
  if (verified && verified->valid && verified->primary != certificate->fingerprint()) std::abort();
  return 0;
}
