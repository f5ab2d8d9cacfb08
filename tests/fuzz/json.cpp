// Whatever strict JSON takes, it writes in one way, and reads again as the same: MACs over records rely on it.
#include "storage/base/json.hpp"
#include "storage/base/bytes.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const Result<Json> first = parse_json(as_text({data, size_bytes}));
  if (!first) {
    FUZZ_CHECK(first.error().code == ErrorCode::malformed_json);
    return 0;
  }
  const std::string written = write_json(*first);
  const Result<Json> second = parse_json(written);
  FUZZ_CHECK(second.has_value());
  FUZZ_CHECK(*second == *first);
  FUZZ_CHECK(write_json(*second) == written);
  const Result<Json> indented = parse_json(write_json_indented(*first));
  FUZZ_CHECK(indented.has_value());
  FUZZ_CHECK(*indented == *first);
  return 0;
}
