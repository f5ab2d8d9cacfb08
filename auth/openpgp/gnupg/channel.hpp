// Frames over a stream socket, within limits of size and time.
#pragma once

#include <chrono>
#include <optional>

#include "auth/openpgp/gnupg/frame.hpp"
#include "storage/base/file_descriptor.hpp"

namespace countersign::auth::openpgp::gnupg {

using Deadline = std::chrono::steady_clock::time_point;
Deadline deadline_in(std::chrono::milliseconds limit);

// A frame with the bytes it views, wiped when freed: they may hold a secret.
class ReceivedFrame {
 public:
  ReceivedFrame(Bytes body, Frame frame) : body_(std::move(body)), frame_(std::move(frame)) {}
  ReceivedFrame(ReceivedFrame&&) = default;
  ReceivedFrame& operator=(ReceivedFrame&&) = delete;
  ~ReceivedFrame();
  const Frame& frame() const { return frame_; }

 private:
  Bytes body_;
  Frame frame_;  // a vector keeps its bytes in place when it is moved
};

enum class ChannelFault {
  closed,     // the other end is gone, before the first byte of a frame or within one
  late,       // the deadline passed
  malformed,  // what came is no frame
  broken,     // the system refused
};

template <class T>
struct ChannelResult {
  std::optional<T> value;
  ChannelFault fault = ChannelFault::broken;
};

// One thread at a time. Without a deadline it waits for ever.
class Channel {
 public:
  Channel() = default;
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

  bool is_open() const { return socket_.get() >= 0; }
  void close() { socket_ = FileDescriptor(); }
  // Open, and nothing has come unasked.
  bool is_quiet() const;

  // Nothing where all was sent.
  std::optional<ChannelFault> send(ByteView frame, std::optional<Deadline> deadline);
  ChannelResult<ReceivedFrame> receive(std::optional<Deadline> deadline);

 private:
  std::optional<ChannelFault> wait(short events, std::optional<Deadline> deadline) const;
  std::optional<ChannelFault> read_exactly(std::span<std::uint8_t> into, std::optional<Deadline> deadline);

  FileDescriptor socket_;
};

}  // namespace countersign::auth::openpgp::gnupg
