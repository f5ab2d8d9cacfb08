// Whatever is read as a password hash is within the bounds and is written again as the same bytes.
#include "auth/passwords/phc_string.hpp"

#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text = as_text({data, size_bytes});
  const auto phc = parse_phc_string(text);
  if (!phc) {
    FUZZ_CHECK(phc.error().code == ErrorCode::record_unreadable);
    return 0;
  }
  const Argon2Parameters& parameters = phc->parameters;
  FUZZ_CHECK(parameters.memory_kib >= kMemoryKibMin && parameters.memory_kib <= kMemoryKibMax);
  FUZZ_CHECK(parameters.passes >= kPassesMin && parameters.passes <= kPassesMax);
  FUZZ_CHECK(parameters.lanes >= kLanesMin && parameters.lanes <= kLanesMax);
  FUZZ_CHECK(phc->salt.size() >= kSaltBytes && phc->salt.size() <= kSaltBytesMax);
  FUZZ_CHECK(phc->tag.size() == kTagBytes);
  FUZZ_CHECK(write_phc_string(*phc).reveal_text() == text);
  return 0;
}
