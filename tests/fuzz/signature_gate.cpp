// Armor and the signature role of the packet gate. What passes once passes again, unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto signature = openpgp::gate::admit_signature(as_text({data, size}));
  if (!signature) return 0;
  if (signature->signature_class() > 1) std::abort();
  const auto again = openpgp::gate::admit_signature(openpgp::gate::enarmor("PGP SIGNATURE", signature->packets()));
  if (!again || again->packets() != signature->packets()) std::abort();
  if (again->created_at() != signature->created_at() || again->hash_algorithm() != signature->hash_algorithm()) {
    std::abort();
  }
  // The fingerprint may stand in the unhashed area beside a hashed key id, and what is unhashed goes no further.
  if (again->issuer() && again->issuer() != signature->issuer()) std::abort();
  return 0;
}
