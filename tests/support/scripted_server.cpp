#include "tests/support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "storage/base/signals_blocked.hpp"
#include "transport/wormhole/websocket_handshake.hpp"

namespace countersign::test {

std::string ScriptedPeer::read(std::size_t size) {
  std::string out;
  while (out.size() < size) {
    std::array<char, 4096> bytes;
    const std::size_t wanted = std::min(bytes.size(), size - out.size());
    const auto count = tls_ != nullptr ? SSL_read(tls_, bytes.data(), static_cast<int>(wanted))
                                       : recv(socket_, bytes.data(), wanted, 0);
    if (count <= 0) break;
    out.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return out;
}

std::string ScriptedPeer::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = read(1);
    if (byte.empty()) break;
    head += byte;
  }
  return head;
}

void ScriptedPeer::send(std::string_view bytes) {
  if (tls_ != nullptr) {
    SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    return;
  }
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScriptedPeer::accept_websocket(std::string_view more) {
  const std::string head = read_head();
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t named = head.find(name);
  if (named == std::string::npos) return;  // the client has gone
  const std::size_t at = named + name.size();
  const std::string key = head.substr(at, head.find("\r\n", at) - at);
  send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      transport::wormhole::websocket_accept(key) + "\r\n\r\n" + std::string(more));
}

std::string ScriptedPeer::read_frame() {
  const std::string head = read(2);
  if (head.size() < 2) return {};
  const int opcode = head[0] & 15;
  std::size_t size = static_cast<unsigned char>(head[1]) & 127U;
  if (size == 126) {
    const std::string more = read(2);
    if (more.size() < 2) return {};
    size =
        static_cast<std::size_t>(static_cast<unsigned char>(more.at(0))) << 8 | static_cast<unsigned char>(more.at(1));
  }
  if ((head[1] & 0x80) == 0) return "not masked";
  const std::string mask = read(4);
  if (mask.size() < 4) return {};
  std::string payload = read(size);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask.at(i % 4));
  return std::to_string(opcode) + payload;
}

std::string ScriptedPeer::drain() {
  std::string all;
  for (std::string byte = read(1); !byte.empty(); byte = read(1)) all += byte;
  return all;
}

std::string server_frame(int opcode, std::string_view payload, bool last, bool masked) {
  std::string frame(1, static_cast<char>(opcode | (last ? 0x80 : 0)));
  const char mask = masked ? static_cast<char>(0x80) : '\0';
  const auto size = static_cast<std::uint64_t>(payload.size());
  Bytes length;
  if (size < 126) {
    append_integer(length, size, 1);
  } else if (size < 65536) {
    length.push_back(126);
    append_integer(length, size, 2);
  } else {
    length.push_back(127);
    append_integer(length, size, 8);
  }
  length[0] = static_cast<std::uint8_t>(length[0] | static_cast<unsigned char>(mask));
  frame += as_text(length);
  if (masked) frame += std::string(4, '\0');
  return frame.append(payload);
}

ScriptedServer::ScriptedServer(std::function<void(ScriptedPeer&)> script, const std::string& certificate,
                               const std::string& key)
    : script_(std::move(script)), certificate_(certificate), key_(key) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no socket to listen on");
  }
  port_ = ntohs(address.sin_port);
  // OpenSSL writes to clients that are gone, which raises SIGPIPE in the thread that does it.
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  stopped_ = true;
  shutdown(listener_, SHUT_RDWR);
  if (const int socket = current_.load(); socket >= 0) shutdown(socket, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void ScriptedServer::serve() {
  SSL_CTX* context = nullptr;
  if (!certificate_.empty()) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(context, certificate_.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, key_.c_str(), SSL_FILETYPE_PEM);
  }
  while (!stopped_) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) break;
    current_ = socket;
    ++connections_;
    SSL* tls = nullptr;
    if (context != nullptr) {
      tls = SSL_new(context);
      SSL_set_fd(tls, socket);
    }
    if (!stopped_ && (tls == nullptr || SSL_accept(tls) == 1)) {
      ScriptedPeer peer(socket, tls);
      script_(peer);
    }
    current_ = -1;
    SSL_free(tls);
    close(socket);
  }
  SSL_CTX_free(context);
}

}  // namespace countersign::test
