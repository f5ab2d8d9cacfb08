// Whatever a server sends behind the handshake, in whatever pieces: no message is over the limit, and what is over
// stays over. The first byte says into what pieces it is cut.
#include "transport/wormhole/websocket_frames.hpp"

#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

constexpr std::size_t kLimit = 512;

// Not random: a finding is to be found again.
class CountingRng final : public auth::Rng {
 public:
  Status fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
    return ok();
  }

 private:
  std::uint8_t next_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::size_t piece = static_cast<std::size_t>(data[0]) + 1;
  ByteView left(data + 1, size_bytes - 1);
  CountingRng rng;
  WebSocketFrames frames(rng, kLimit);
  bool over = false;
  while (!left.empty()) {
    const ByteView now = left.first(std::min(piece, left.size()));
    left = left.subspan(now.size());
    const bool taken = frames.take(now).has_value();
    FUZZ_CHECK(!over || !taken);
    over = !taken;
    while (const auto message = frames.next_message()) FUZZ_CHECK(message->size() <= kLimit);
    FUZZ_CHECK(frames.output().size() <= kUnsentBytesMax + 200);
  }
  return 0;
}
