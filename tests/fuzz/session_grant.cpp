// Whatever is read as a session grant is written again as the same bytes.
#include "auth/records/session_grant.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text = as_text({data, size_bytes});
  const auto grant = auth::records::parse_session_grant(text);
  if (!grant) {
    const ErrorCode code = grant.error().code;
    FUZZ_CHECK(code == ErrorCode::malformed_message || code == ErrorCode::unknown_version);
    return 0;
  }
  FUZZ_CHECK(auth::records::write_session_grant(*grant).reveal_text() == text);
  return 0;
}
