// The HTTP server: operations in, a listening socket out.
//
//   HttpServer server(operations, settings);
//   TRY(server.start());
//   server.wait();       // until another thread or a signal handler calls request_stop()
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"
#include "transport/http/address.hpp"
#include "transport/operations/operation.hpp"
#include "transport/pages/site.hpp"

namespace countersign::transport::http {

class Connections;
struct ConnectionCounts;

struct HttpServerSettings {
  std::string host = "127.0.0.1";  // numeric, or a name of this host
  std::uint16_t port = 8420;       // 0: any free one
  // A quarter of them is kept for session checks; the rest must outnumber the password hashes that may run and wait
  // (one a core, and 16), or a signature would wait behind them.
  std::size_t workers = 32;
  std::size_t queue_max = 256;
  std::size_t connections_max = 1024;
  std::size_t connections_per_address_max = 256;
  std::vector<std::string> trusted_proxies;  // CIDR
  ForwardedHeader forwarded_header = ForwardedHeader::x_forwarded_for;
  std::chrono::milliseconds head_deadline{3000};
  std::chrono::milliseconds whole_deadline{10000};
  std::chrono::milliseconds idle_deadline{60000};
  std::chrono::milliseconds write_deadline{10000};
  std::chrono::milliseconds stop_deadline{5000};
  // Refused proofs and challenges leave at the next multiple of this since their request came.
  std::chrono::milliseconds refusal_tick{5};
  // Told of what was refused before it was an operation: an address and a constant reason. Any thread; must not block.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
  // As CarrierSettings::on_unsaid_source. Any thread; must not block.
  std::function<void(const Source& source)> on_unsaid_source;
  // As CarrierSettings::site.
  std::optional<pages::Site> site = {};
};

class HttpServer {
 public:
  // `operations` outlives it.
  HttpServer(Operations& operations, HttpServerSettings settings);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Stops, and waits for it.
  ~HttpServer();

  // Binds and serves. invalid_settings, network_failed.
  Status start();
  // Once it has started: from the next request and the next connection on, who is believed about sources, who is let
  // in, and which pages there are, are as said here, with what is told of it. All else stays as it was at the start.
  // invalid_settings, and then nothing has changed.
  Status take_over(HttpServerSettings settings);
  // The port that is listened on; 0 before start.
  std::uint16_t port() const;
  // Any thread, once it has started.
  ConnectionCounts connection_counts() const;
  // Safe in a signal handler, and more than once.
  void request_stop() noexcept;
  void wait();
  void stop() {
    request_stop();
    wait();
  }

 private:
  class CurrentCarrier;

  Operations& operations_;
  HttpServerSettings settings_;
  std::unique_ptr<CurrentCarrier> carrier_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace countersign::transport::http
