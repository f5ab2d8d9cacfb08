#include "transport/wormhole/tcp_connect.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "storage/base/signals_blocked.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::size_t kAddressesMax = 8;

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;
};

struct Lookup {
  FileDescriptor done{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::vector<Target> targets;
  std::string why;
};

void look_up(const std::string& host, std::uint16_t port, int flags, Lookup& lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> held(found, &freeaddrinfo);
  const std::lock_guard lock(lookup.mutex);
  if (failed != 0) lookup.why = gai_strerror(failed);
  for (const addrinfo* one = found; one != nullptr && lookup.targets.size() < kAddressesMax; one = one->ai_next) {
    Target target;
    target.size = one->ai_addrlen;
    std::memcpy(&target.address, one->ai_addr, one->ai_addrlen);
    lookup.targets.push_back(target);
  }
}

Result<std::vector<Target>> targets_of(const std::string& host, std::uint16_t port, const Patience& patience) {
  const auto lookup = std::make_shared<Lookup>();
  look_up(host, port, AI_NUMERICHOST, *lookup);
  if (!lookup->targets.empty()) return lookup->targets;
  try {
    const SignalsBlocked blocked;
    std::thread([host, port, lookup] {
      look_up(host, port, AI_ADDRCONFIG, *lookup);
      eventfd_write(lookup->done.get(), 1);
    }).detach();
  } catch (const std::system_error& error) {
    return fail(ErrorCode::network_failed, error.what());
  }
  TRY(wait_ready(lookup->done.get(), POLLIN, patience, "looking up " + escape_for_display(host)));
  const std::lock_guard lock(lookup->mutex);
  if (lookup->targets.empty()) {
    return fail(ErrorCode::network_failed, escape_for_display(host) + " is not found: " + lookup->why);
  }
  return lookup->targets;
}

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

Result<FileDescriptor> connect_to(const Target& target, const Patience& patience) {
  FileDescriptor socket(::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return fail(ErrorCode::network_failed, reason_of(errno));
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&target.address), target.size) == 0) return socket;
  if (errno != EINPROGRESS) return fail(ErrorCode::network_failed, reason_of(errno));
  TRY(wait_ready(socket.get(), POLLOUT, patience, "connecting"));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(ErrorCode::network_failed, reason_of(error));
  return socket;
}

}  // namespace

Result<FileDescriptor> tcp_connect(const std::string& host, std::uint16_t port, const Patience& patience) {
  const std::vector<Target> targets = TRY(targets_of(host, port, patience));
  Error last;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    // An address that swallows everything leaves time for those behind it.
    const auto left = patience.until - patience.clock.monotonic();
    auto socket = connect_to(targets[i], patience.within(left / static_cast<int>(targets.size() - i)));
    if (socket || patience.interrupt.stopped()) return socket;
    last = socket.error();
  }
  return fail(last.code, escape_for_display(host) + ":" + std::to_string(port) + ": " + last.detail);
}

}  // namespace countersign::transport::wormhole
