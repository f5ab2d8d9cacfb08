// Armor and the certificate role of the packet gate. What passes once passes again, unchanged, in binary and armored.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate =
      openpgp::gate::admit_certificate(as_text({data, size}), openpgp::gate::kCertificateReadBytesMax);
  if (!certificate) return 0;
  const auto again = openpgp::gate::admit_certificate(certificate->packets(), openpgp::gate::kCertificateReadBytesMax);
  if (!again || again->packets() != certificate->packets()) std::abort();
  if (again->fingerprint() != certificate->fingerprint()) std::abort();
  const auto armored =
      openpgp::gate::admit_certificate(certificate->armored(), openpgp::gate::kCertificateReadBytesMax);
  if (!armored || armored->packets() != certificate->packets()) std::abort();
  if (certificate->packets().size() > openpgp::gate::kCertificateKeptBytesMax) std::abort();
  const auto least = openpgp::gate::minimal_certificate(*certificate, certificate->fingerprint());
  if (!least || least->size() > certificate->packets().size()) std::abort();
  return 0;
}
