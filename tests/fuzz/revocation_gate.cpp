// The revocation role of the packet gate. What passes once passes again, unchanged.
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto revocation = openpgp::gate::admit_revocation(as_text({data, size_bytes}));
  if (!revocation) return 0;
  const auto again = openpgp::gate::admit_revocation(openpgp::gate::enarmor("PGP SIGNATURE", revocation->packets()));
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->packets() == revocation->packets());
  FUZZ_CHECK(again->created_at() == revocation->created_at());
  FUZZ_CHECK(again->reason() == revocation->reason() && again->text() == revocation->text());
  // It is no signature over a document.
  FUZZ_CHECK(!openpgp::gate::admit_signature(revocation->packets()).has_value());
  return 0;
}
