// What the server and a GnuPG worker send each other. What is read, is written back as the same bytes: there is one way
// to say a thing.
#include <cstddef>
#include <cstdint>

#include "auth/openpgp/gnupg/worker_messages.hpp"
#include "tests/support/fuzz.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (size < kFrameHeadBytes) return 0;
  const auto head = read_frame_head(bytes.first(kFrameHeadBytes));
  if (!head || head->body_bytes != size - kFrameHeadBytes) return 0;
  const auto frame = read_frame_body(head->kind, bytes.subspan(kFrameHeadBytes));
  if (!frame) return 0;
  const Bytes whole(bytes.begin(), bytes.end());
  FUZZ_CHECK(write_frame(frame->kind, frame->fields).value() == whole);
  if (const auto request = read_request(*frame)) FUZZ_CHECK(write_request(*request).value() == whole);
  if (const auto reply = read_reply(*frame)) FUZZ_CHECK(write_reply(*reply).value() == whole);
  return 0;
}
