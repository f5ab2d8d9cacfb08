// A packed succession, as anybody who carries a message can write one: what unpacks is one statement in one form, and
// what can be packed again comes back as the same.
#include "auth/records/succession.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto proof = auth::records::unpack_succession({data, size_bytes});
  if (!proof) {
    const ErrorCode code = proof.error().code;
    FUZZ_CHECK(code == ErrorCode::packet_refused || code == ErrorCode::unknown_version);
    return 0;
  }
  if (const auto succession = auth::records::parse_succession(proof->statement)) {
    FUZZ_CHECK(auth::records::write_succession(*succession) == proof->statement);
  }
  const auto packed = auth::records::pack_succession(*proof);
  if (!packed) return 0;
  const auto again = auth::records::unpack_succession(*packed);
  FUZZ_CHECK(again && again->statement == proof->statement);
  FUZZ_CHECK(auth::records::pack_succession(*again) == *packed);
  return 0;
}
