#include "tests/bench/load/http_connection.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "storage/base/handle.hpp"
#include "storage/base/text.hpp"

namespace countersign::bench {
namespace {

using Addresses = std::unique_ptr<addrinfo, GiveBack<&freeaddrinfo>>;

// The value of a header, empty where there is none.
std::string_view header_in(std::string_view head, std::string_view name) {
  for (std::string_view line : split_lines(head)) {
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line.remove_prefix(name.size() + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  return {};
}

}  // namespace

Address address_of(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw std::invalid_argument("the server is http://HOST[:PORT]");
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  Address address{std::string(url.substr(0, colon)), "80"};
  if (colon != std::string_view::npos) address.port = url.substr(colon + 1);
  if (address.host.empty() || address.port.empty()) throw std::invalid_argument("the server is http://HOST[:PORT]");
  return address;
}

Reply HttpConnection::exchange(std::string_view method, std::string_view path, std::string_view headers,
                               std::string_view body) {
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(address_.host).append("\r\n").append(headers);
  if (method != "GET") request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  request.append("\r\n").append(body);

  const bool fresh = socket_.get() < 0;
  if (fresh) connect();
  if (send_all(request) && receive_head()) return receive_rest();
  // A server may close a connection that rests, and that may cross with a request.
  if (fresh || !received_.empty()) throw std::runtime_error("the server closed the connection without an answer");
  connect();
  if (!send_all(request) || !receive_head()) throw std::runtime_error("the server closed a new connection");
  return receive_rest();
}

void HttpConnection::connect() {
  received_.clear();
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address_.host.c_str(), address_.port.c_str(), &wanted, &found) != 0) {
    throw std::runtime_error("no such host: " + address_.host);
  }
  const Addresses addresses(found);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    socket_ = FileDescriptor(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (::connect(socket_.get(), one->ai_addr, one->ai_addrlen) != 0) continue;
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return;
  }
  socket_ = FileDescriptor();
  throw std::runtime_error("nobody answers at " + address_.host + ":" + address_.port);
}

bool HttpConnection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpConnection::receive_more() {
  std::array<char, 16384> buffer;
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool HttpConnection::receive_head() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  std::size_t end = 0;
  while ((end = received_.find(kEnd)) == std::string::npos) {
    if (!receive_more()) return false;
  }
  head_bytes_ = end + kEnd.size();
  return true;
}

Reply HttpConnection::receive_rest() {
  const std::string head = received_.substr(0, head_bytes_);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const auto status = head.starts_with(kVersion) ? parse_number(head.substr(kVersion.size(), 3)) : std::nullopt;
  if (!status) throw std::runtime_error("no answer of HTTP/1.1");
  const auto length = *status == 204 ? std::optional<std::int64_t>(0) : parse_number(header_in(head, "Content-Length"));
  if (!length) throw std::runtime_error("an answer without Content-Length");
  const std::size_t end = head_bytes_ + static_cast<std::size_t>(*length);
  while (received_.size() < end) {
    if (!receive_more()) throw std::runtime_error("the server closed the connection within an answer");
  }
  Reply reply{static_cast<int>(*status), received_.substr(head_bytes_, end - head_bytes_)};
  received_.erase(0, end);
  if (header_in(head, "Connection") == "close") socket_ = FileDescriptor();
  return reply;
}

}  // namespace countersign::bench
