#include "auth/openpgp/gnupg/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

bool would_wait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Deadline deadline_in(std::chrono::milliseconds limit) {
  return std::chrono::steady_clock::now() + limit;
}

ReceivedFrame::~ReceivedFrame() {
  wipe(body_);
}

bool Channel::is_quiet() const {
  if (!is_open()) return false;
  std::uint8_t byte = 0;
  return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_wait(errno);
}

std::optional<ChannelFault> Channel::wait(short events, std::optional<Deadline> deadline) const {
  while (true) {
    int milliseconds = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return ChannelFault::late;
      milliseconds = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
    }
    pollfd waiting{socket_.get(), events, 0};
    const int ready = ::poll(&waiting, 1, milliseconds);
    if (ready > 0) return std::nullopt;
    if (ready < 0 && errno != EINTR) return ChannelFault::broken;
  }
}

std::optional<ChannelFault> Channel::send(ByteView frame, std::optional<Deadline> deadline) {
  if (!is_open()) return ChannelFault::closed;
  while (!frame.empty()) {
    const ssize_t sent = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      frame = frame.subspan(static_cast<std::size_t>(sent));
    } else if (sent < 0 && !would_wait(errno)) {
      return errno == EPIPE || errno == ECONNRESET ? ChannelFault::closed : ChannelFault::broken;
    } else if (const auto fault = wait(POLLOUT, deadline)) {
      return fault;
    }
  }
  return std::nullopt;
}

std::optional<ChannelFault> Channel::read_exactly(std::span<std::uint8_t> into, std::optional<Deadline> deadline) {
  while (!into.empty()) {
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) {
      into = into.subspan(static_cast<std::size_t>(got));
    } else if (got == 0) {
      return ChannelFault::closed;
    } else if (!would_wait(errno)) {
      return errno == ECONNRESET ? ChannelFault::closed : ChannelFault::broken;
    } else if (const auto fault = wait(POLLIN, deadline)) {
      return fault;
    }
  }
  return std::nullopt;
}

ChannelResult<ReceivedFrame> Channel::receive(std::optional<Deadline> deadline) {
  if (!is_open()) return {std::nullopt, ChannelFault::closed};
  std::array<std::uint8_t, kFrameHeadBytes> head_bytes{};
  if (const auto fault = read_exactly(head_bytes, deadline)) return {std::nullopt, *fault};
  const auto head = read_frame_head(head_bytes);
  if (!head) return {std::nullopt, ChannelFault::malformed};
  Bytes body(head->body_bytes);
  if (const auto fault = read_exactly(body, deadline)) {
    wipe(body);
    return {std::nullopt, *fault};
  }
  auto frame = read_frame_body(head->kind, body);
  if (!frame) {
    wipe(body);
    return {std::nullopt, ChannelFault::malformed};
  }
  return {ReceivedFrame(std::move(body), *std::move(frame)), ChannelFault::broken};
}

}  // namespace countersign::auth::openpgp::gnupg
