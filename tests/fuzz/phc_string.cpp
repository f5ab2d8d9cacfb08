// Whatever is read as a password hash is within the bounds and is written again as the same bytes.
#include "auth/passwords/phc_string.hpp"

#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text = as_text({data, size_bytes});
  const auto phc = passwords::parse_phc_string(text);
  if (!phc) {
    FUZZ_CHECK(phc.error().code == ErrorCode::record_unreadable);
    return 0;
  }
  const passwords::Argon2Parameters& parameters = phc->parameters;
  FUZZ_CHECK(parameters.memory_kib >= passwords::kMemoryKibMin && parameters.memory_kib <= passwords::kMemoryKibMax);
  FUZZ_CHECK(parameters.passes >= passwords::kPassesMin && parameters.passes <= passwords::kPassesMax);
  FUZZ_CHECK(parameters.lanes >= passwords::kLanesMin && parameters.lanes <= passwords::kLanesMax);
  FUZZ_CHECK(phc->salt.size() >= passwords::kSaltBytes && phc->salt.size() <= passwords::kSaltBytesMax);
  FUZZ_CHECK(phc->tag.size() == passwords::kTagBytes);
  FUZZ_CHECK(write_phc_string(*phc).reveal_text() == text);
  return 0;
}
