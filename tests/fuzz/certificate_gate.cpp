// Armor and the certificate role of the packet gate. What passes once passes again, unchanged, in binary and armored.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"

using namespace countersign;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate = admit_certificate(as_text({data, size}), kCertificateReadBytesMax);
  if (!certificate) return 0;
  const auto again = admit_certificate(as_text(certificate->packets()), kCertificateReadBytesMax);
  if (!again || again->packets() != certificate->packets()) std::abort();
  if (again->fingerprint() != certificate->fingerprint()) std::abort();
  const auto armored = admit_certificate(certificate->armored(), kCertificateReadBytesMax);
  if (!armored || armored->packets() != certificate->packets()) std::abort();
  if (certificate->packets().size() > kCertificateKeptBytesMax) std::abort();
  const auto least = minimal_certificate(*certificate, certificate->fingerprint());
  if (!least || least->size() > certificate->packets().size()) std::abort();
  return 0;
}
