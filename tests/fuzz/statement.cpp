// Whatever is read as a statement is written again as the same bytes: there is one way to say one thing.
#include "auth/records/statement.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text = as_text({data, size_bytes});
  const auto statement = auth::records::parse_statement(text);
  if (!statement) {
    const ErrorCode code = statement.error().code;
    FUZZ_CHECK(code == ErrorCode::malformed_statement || code == ErrorCode::unknown_version);
    return 0;
  }
  FUZZ_CHECK(auth::records::write_statement(*statement) == text);
  return 0;
}
