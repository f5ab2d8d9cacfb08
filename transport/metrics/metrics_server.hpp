// Answers GET /metrics and nothing else, on an address of its own: what an operator may know is no stranger's business.
//
// It has its own threads, so that a scrape waits for no login and no login for a scrape.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::transport::http {
class Connections;
}

namespace countersign::transport::metrics {

inline constexpr std::string_view kMetricsPath = "/metrics";

struct MetricsServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  // The exposition as it is now. Any thread.
  std::function<std::string()> expose;
  // As http::CarrierSettings::on_refusal.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
};

class MetricsServer {
 public:
  explicit MetricsServer(MetricsServerSettings settings);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  // Stops, and waits for it.
  ~MetricsServer();

  // Binds and serves. Once. network_failed.
  Status start();
  // The port that is listened on; 0 before start.
  std::uint16_t port() const;

 private:
  class Scrapes;
  const std::unique_ptr<Scrapes> scrapes_;
  std::unique_ptr<http::Connections> connections_;
};

}  // namespace countersign::transport::metrics
