#include "transport/wormhole/byte_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace countersign::transport::wormhole {
namespace {

constexpr std::size_t kWireReadBytes = 16u << 10;

}  // namespace

Status ByteStream::write_wire(ByteView bytes, const Patience& patience) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      TRY(wait_ready(socket_.get(), POLLOUT, patience, "sending"));
    } else if (errno != EINTR) {
      return fail(ErrorCode::network_failed, std::generic_category().message(errno));
    }
  }
  return ok();
}

Result<Bytes> ByteStream::read_wire() {
  Bytes bytes(kWireReadBytes);
  for (;;) {
    const ssize_t count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count == 0) return fail(ErrorCode::network_failed, "the other side ended the connection");
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      return fail(ErrorCode::network_failed, std::generic_category().message(errno));
    }
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
  }
}

Status ByteStream::secure(const std::string& host, const std::string& ca_file, const Patience& patience) {
  tls_ = TRY(Tls::begin(host, ca_file));
  for (;;) {
    const auto done = tls_->shake_hands();
    // What is to be sent may be the alert that says why not.
    const Status sent = write_wire(tls_->wire(), patience);
    if (!done) return tl::unexpected<Error>(done.error());
    TRY(sent);
    if (*done) return ok();
    TRY(wait_ready(socket_.get(), POLLIN, patience, "the TLS handshake"));
    tls_->take_wire(TRY(read_wire()));
  }
}

Status ByteStream::write(ByteView bytes, const Patience& patience) {
  if (!tls_) return write_wire(bytes, patience);
  TRY(tls_->write(bytes));
  return write_wire(tls_->wire(), patience);
}

Result<Bytes> ByteStream::read_now() {
  if (!tls_) return read_wire();
  for (;;) {
    Bytes bytes = TRY(tls_->read());
    if (!bytes.empty()) return bytes;
    const Bytes wire = TRY(read_wire());
    if (wire.empty()) return wire;
    tls_->take_wire(wire);
  }
}

Result<Bytes> ByteStream::read(const Patience& patience) {
  for (;;) {
    Bytes bytes = TRY(read_now());
    if (!bytes.empty()) return bytes;
    TRY(wait_ready(socket_.get(), POLLIN, patience, "an answer"));
  }
}

void ByteStream::say_goodbye() {
  if (!tls_) return;
  tls_->say_goodbye();
  const Bytes wire = tls_->wire();
  static_cast<void>(send(socket_.get(), wire.data(), wire.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

}  // namespace countersign::transport::wormhole
