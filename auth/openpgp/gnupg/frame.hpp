// How the server and a GnuPG worker talk over their socket: one frame there, one frame back. Pure.
//
//   frame  := "CG" version kind body-bytes field*      version: 1; kind: one byte; body-bytes: 4 bytes
//   field  := field-bytes octet*                       field-bytes: 4 bytes; fields fill the body exactly
//
// Integers are big-endian. Whatever is not exactly of this form is malformed_message, from either side.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

inline constexpr std::uint8_t kFrameVersion = 1;
inline constexpr std::size_t kFrameHeadBytes = 8;
inline constexpr std::size_t kFrameBodyBytesMax = 512u << 10;
inline constexpr std::size_t kFrameFieldsMax =
    1024;  // a certificate has at most 64 packets, and ten fields tell of a key

// A view into the body that it was read from.
struct Frame {
  std::uint8_t kind = 0;
  std::vector<ByteView> fields;
};

struct FrameHead {
  std::uint8_t kind = 0;
  std::size_t body_bytes = 0;
};

// Head and body. message_too_large where a limit is passed.
Result<Bytes> write_frame(std::uint8_t kind, const std::vector<ByteView>& fields);
// Of exactly kFrameHeadBytes. malformed_message, unknown_version, message_too_large.
Result<FrameHead> read_frame_head(ByteView head);
// malformed_message.
Result<Frame> read_frame_body(std::uint8_t kind, ByteView body);

}  // namespace countersign::auth::openpgp::gnupg
