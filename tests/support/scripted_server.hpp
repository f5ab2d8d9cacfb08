// A server on this machine that does what a test tells it, to whoever connects: the hostile end of a connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "storage/base/bytes.hpp"

struct ssl_st;

namespace countersign::test {

// One connection, as the server sees it.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(int socket, ssl_st* tls = nullptr) : socket_(socket), tls_(tls) {}
  // Exactly so many bytes; fewer where the client went.
  std::string read(std::size_t size);
  // Up to an empty line, with it.
  std::string read_head();
  void send(std::string_view bytes);
  // Answers the opening of a WebSocket as RFC 6455 wants it, with `more` behind it in one piece.
  void accept_websocket(std::string_view more = {});
  // The payload of one masked frame of less than 64 KiB; its opcode is put before it as a digit. Empty at the end.
  std::string read_frame();
  // Waits until the client goes; what it said until then.
  std::string drain();

 private:
  int socket_;
  ssl_st* tls_;
};

// A frame of a server (RFC 6455 §5.2).
std::string server_frame(int opcode, std::string_view payload, bool last = true, bool masked = false);

class ScriptedServer {
 public:
  // `script` is run for each connection, in its turn. With a certificate and its key, both PEM files, behind TLS.
  explicit ScriptedServer(std::function<void(ScriptedPeer&)> script, const std::string& certificate = {},
                          const std::string& key = {});
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void serve();

  std::function<void(ScriptedPeer&)> script_;
  std::string certificate_, key_;
  int listener_ = -1;
  std::atomic<int> current_{-1};
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace countersign::test
