#include "tests/support/http_wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace countersign::test {

Wire::Wire() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::Wire(std::uint16_t port, const std::string& from) : Wire() {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  inet_pton(AF_INET, from.c_str(), &own.sin_addr);
  bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
  connect(port);
}

void Wire::connect(std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

Wire::Wire(Wire&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      tls_(std::move(other.tls_)),
      connected_(other.connected_),
      pending_(std::move(other.pending_)) {}

Wire::~Wire() {
  if (socket_ >= 0) close(socket_);
}

void Wire::Ender::operator()(ssl_st* tls) const {
  SSL_free(tls);
}

bool Wire::secure(const std::string& host) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  tls_.reset(SSL_new(context.get()));
  return SSL_set_fd(tls_.get(), socket_) == 1 && SSL_set_tlsext_host_name(tls_.get(), host.c_str()) == 1 &&
         SSL_connect(tls_.get()) == 1;
}

bool Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Wire::fill() {
  std::array<char, 4096> buffer{};
  const ssize_t count = tls_ ? SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()))
                             : recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  pending_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

WireReply Wire::reply(bool to_head) {
  WireReply reply;
  std::size_t end = 0;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return reply;
  }
  reply.head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  reply.status = reply.head.size() > 12 ? std::atoi(reply.head.c_str() + 9) : 0;
  std::size_t line = reply.head.find("\r\n") + 2;
  while (line < reply.head.size()) {
    const std::size_t next = reply.head.find("\r\n", line);
    const std::size_t colon = reply.head.find(": ", line);
    std::string name = reply.head.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    reply.headers[name] = colon + 2 > next ? "" : reply.head.substr(colon + 2, next - colon - 2);
    if (name == "date") {
      reply.head.erase(line, next + 2 - line);
    } else {
      line = next + 2;
    }
  }
  if (to_head) return reply;
  const std::size_t length = static_cast<std::size_t>(std::atoll(reply.header("content-length").c_str()));
  while (pending_.size() < length) {
    if (!fill()) break;
  }
  reply.body = pending_.substr(0, length);
  pending_.erase(0, reply.body.size());
  return reply;
}

bool Wire::closed() {
  char byte = 0;
  const ssize_t count = recv(socket_, &byte, 1, 0);
  return pending_.empty() && (count == 0 || (count < 0 && errno != EAGAIN));
}

bool Wire::silent_for(std::chrono::milliseconds time) {
  pollfd watched{socket_, POLLIN, 0};
  return pending_.empty() && poll(&watched, 1, static_cast<int>(time.count())) == 0;
}

void Wire::shutdown_write() {
  shutdown(socket_, SHUT_WR);
}

void Wire::set_receive_buffer(int bytes) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

WireReply ask(std::uint16_t port, std::string_view request) {
  Wire wire(port);
  wire.send(request);
  return wire.reply();
}

std::string http_request(std::string_view method, std::string_view path, std::string_view headers,
                         std::string_view body) {
  std::string out = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  out += headers;
  out += "\r\n";
  out += body;
  return out;
}

KeptPort::KeptPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    throw std::runtime_error("no port");
  }
  number_ = ntohs(own.sin_port);
}

KeptPort::~KeptPort() {
  close(socket_);
}

}  // namespace countersign::test
