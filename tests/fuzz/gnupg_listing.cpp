// A listing as gpg prints it. The words in it are a stranger's: user ids.
#include <cstddef>
#include <cstdint>

#include "auth/openpgp/gnupg/listing.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto primary = Fingerprint::parse("E1F97B68DE6AF66A580E7DADD04D51F9E87B541D").value();
  const auto facts = openpgp::gnupg::read_listing(as_text({data, size}), primary, from_unix(1'767'225'700));
  if (!facts) return 0;
  FUZZ_CHECK(facts->primary.fingerprint == primary);
  FUZZ_CHECK(facts->primary.bound || (!facts->primary.can_sign && facts->user_ids.empty()));
  for (const KeyFacts& subkey : facts->subkeys) FUZZ_CHECK(subkey.bound || !subkey.can_encrypt);
  return 0;
}
