#include "transport/http/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <system_error>

namespace countersign::transport::http {
namespace {

// The kernel makes it net.core.somaxconn. Whoever finds the backlog full has its SYN dropped, and waits for seconds
// before it tries again: a crowd at one address must not do that to everybody.
constexpr int kBacklog = std::numeric_limits<int>::max();

// strerror is not safe with threads.
std::string reason(int error) {
  return std::generic_category().message(error);
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return 0;
  in_port_t port = 0;
  if (own.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &own, sizeof v4);
    port = v4.sin_port;
  } else if (own.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &own, sizeof v6);
    port = v6.sin6_port;
  }
  return ntohs(port);
}

Descriptor listening_socket(const addrinfo& at) {
  Descriptor socket(::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {};
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), at.ai_addr, at.ai_addrlen) != 0 || listen(socket.get(), kBacklog) != 0) return {};
  return socket;
}

}  // namespace

void Descriptor::reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Result<Listener> Listener::bind(const std::string& host, std::uint16_t port) {
  const auto failed = [&](const std::string& why) {
    return fail(ErrorCode::network_failed, "cannot listen on " + host + " port " + std::to_string(port) + ": " + why);
  };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0) {
    return failed(gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Listener listener;
    listener.socket_ = listening_socket(*at);
    if (listener.socket_) {
      listener.port_ = bound_port(listener.socket_.get());
      listener.keep_reserve();
      return listener;
    }
    error = errno;
  }
  return failed(reason(error));
}

void Listener::keep_reserve() {
  if (!reserve_) reserve_ = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

Accepted Listener::accept_on_reserve() {
  reserve_.reset();
  return accept();
}

Accepted Listener::accept() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Descriptor socket(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    switch (errno) {
      case EAGAIN:
        return {Accepted::Kind::none, {}, {}};
      case EINTR:
      case ECONNABORTED:
      case EPERM:  // a firewall's
      // Errors of the network that a new connection brings along; accept(2) says to treat them like EAGAIN.
      case EPROTO:
      case ENETDOWN:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case ENETUNREACH:
        return {Accepted::Kind::again, {}, {}};
      default:
        return {Accepted::Kind::exhausted, {}, {}};  // EMFILE, ENFILE, ENOBUFS, ENOMEM, and what nobody foresaw
    }
  }
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {Accepted::Kind::connection, std::move(socket), address_of(from)};
}

}  // namespace countersign::transport::http
