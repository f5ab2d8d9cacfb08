// A bare socket to a server on this host: sends any bytes, reads answers as they come; through TLS where it is asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace countersign::test {

struct WireReply {
  int status = 0;                              // 0: the connection ended without an answer
  std::string head;                            // but its Date, which no two answers need to share
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class Wire {
 public:
  explicit Wire(std::uint16_t port, const std::string& from = "127.0.0.1");
  // A socket now, the connection later.
  Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  Wire(Wire&& other) noexcept;
  ~Wire();

  void connect(std::uint16_t port);
  bool connected() const { return connected_; }
  // All that follows goes through TLS, with whatever certificate is shown; false where the other side does not speak
  // it.
  bool secure(const std::string& host);
  // False once the other side has gone.
  bool send(std::string_view bytes);
  // One answer; what follows it stays for the next call.
  WireReply reply(bool to_head = false);
  // Waits for the other side to close; false if it sends something or ten seconds pass.
  bool closed();
  // No byte arrives for that long.
  bool silent_for(std::chrono::milliseconds time);
  void shutdown_write();
  void set_receive_buffer(int bytes);
  int socket() const { return socket_; }

 private:
  bool fill();

  struct Ender {
    void operator()(ssl_st* tls) const;
  };

  int socket_ = -1;
  std::unique_ptr<ssl_st, Ender> tls_;
  bool connected_ = false;
  std::string pending_;
};

// A port of the loopback for a program that listens where it is told. It is nobody else's as long as this lives: a
// socket that listens with SO_REUSEADDR may be bound beside ours, but the system gives the port to nobody who asks for
// any.
class KeptPort {
 public:
  KeptPort();
  KeptPort(const KeptPort&) = delete;
  KeptPort& operator=(const KeptPort&) = delete;
  ~KeptPort();

  std::uint16_t number() const { return number_; }

 private:
  int socket_ = -1;
  std::uint16_t number_ = 0;
};

// One request on a connection of its own.
WireReply ask(std::uint16_t port, std::string_view request);
// With Host, and Content-Length where there is a body or the method is POST; `headers` end in CRLF each.
std::string http_request(std::string_view method, std::string_view path, std::string_view headers = {},
                         std::string_view body = {});

}  // namespace countersign::test
