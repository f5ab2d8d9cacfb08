#include "auth/openpgp/gnupg/frame.hpp"

#include <string>

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr std::size_t kLengthBytes = 4;

tl::unexpected<Error> malformed_frame(const char* what) {
  return fail(ErrorCode::malformed_message, what);
}

std::size_t read_length(ByteView bytes) {
  std::size_t length = 0;
  for (const std::uint8_t byte : bytes.first(kLengthBytes)) length = (length << 8) | byte;
  return length;
}

}  // namespace

Result<Bytes> write_frame(std::uint8_t kind, const std::vector<ByteView>& fields) {
  if (fields.size() > kFrameFieldsMax) return fail(ErrorCode::message_too_large, "a frame of too many fields");
  std::size_t body_bytes = 0;
  for (const ByteView field : fields) {
    if (field.size() > kFrameBodyBytesMax) return fail(ErrorCode::message_too_large, "a field of over 512 KiB");
    body_bytes += kLengthBytes + field.size();
  }
  if (body_bytes > kFrameBodyBytesMax) return fail(ErrorCode::message_too_large, "a frame of over 512 KiB");
  Bytes out = {'C', 'G', kFrameVersion, kind};
  out.reserve(kFrameHeadBytes + body_bytes);  // at once: a buffer that grows leaves copies of a secret behind
  append_integer(out, body_bytes, kLengthBytes);
  for (const ByteView field : fields) {
    append_integer(out, field.size(), kLengthBytes);
    append(out, field);
  }
  return out;
}

Result<FrameHead> read_frame_head(ByteView head) {
  if (head.size() != kFrameHeadBytes || head[0] != 'C' || head[1] != 'G') return malformed_frame("no frame");
  if (head[2] != kFrameVersion) {
    return fail(ErrorCode::unknown_version, "a frame of version " + std::to_string(head[2]));
  }
  const std::size_t body_bytes = read_length(head.subspan(4));
  if (body_bytes > kFrameBodyBytesMax) return fail(ErrorCode::message_too_large, "a frame of over 512 KiB");
  return FrameHead{head[3], body_bytes};
}

Result<Frame> read_frame_body(std::uint8_t kind, ByteView body) {
  if (body.size() > kFrameBodyBytesMax) return malformed_frame("a frame of over 512 KiB");
  Frame frame;
  frame.kind = kind;
  while (!body.empty()) {
    if (frame.fields.size() == kFrameFieldsMax) return malformed_frame("a frame of too many fields");
    if (body.size() < kLengthBytes) return malformed_frame("a frame ends within a length");
    const std::size_t length = read_length(body);
    body = body.subspan(kLengthBytes);
    if (length > body.size()) return malformed_frame("a frame ends within a field");
    frame.fields.push_back(body.first(length));
    body = body.subspan(length);
  }
  return frame;
}

}  // namespace countersign::auth::openpgp::gnupg
