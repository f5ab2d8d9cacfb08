// Whatever stands in the body of a pake is refused, or is a message of SPAKE2 that reads as itself; and a point that
// SPAKE2 takes gives a key.
#include "tests/support/fuzz.hpp"
#include "transport/wormhole/keys.hpp"
#include "transport/wormhole/phase_body.hpp"

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

const Spake2& own_side() {
  static const Spake2 kSide = [] {
    const Secret seed = derive_key(Secret(as_bytes("fuzz")), "seed", kScalarSeedBytes);
    return Spake2::begin(Secret(as_bytes("7-x")), "fuzz", pake_scalar(seed).value()).value();
  }();
  return kSide;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto message = parse_pake_body({data, size_bytes});
  if (!message) {
    FUZZ_CHECK(message.error().code == ErrorCode::malformed_json ||
               message.error().code == ErrorCode::malformed_message);
    return 0;
  }
  FUZZ_CHECK(parse_pake_body(pake_body(*message)).value() == *message);
  const auto key = own_side().finish(*message);
  FUZZ_CHECK(key ? key->size() == kWormholeKeyBytes : key.error().code == ErrorCode::malformed_message);
  return 0;
}
