#include "transport/metrics/metrics_server.hpp"

#include "transport/http/connections.hpp"
#include "transport/http/problem.hpp"
#include "transport/http/response.hpp"
#include "transport/metrics/exposition.hpp"

namespace countersign::transport::metrics {
namespace {

// For a few who scrape. One that hangs keeps another from nothing.
constexpr std::size_t kWorkers = 2;
constexpr std::size_t kConnectionsMax = 16;

}  // namespace

class MetricsServer::Scrapes final : public http::Answerer {
 public:
  explicit Scrapes(MetricsServerSettings settings) : settings_(std::move(settings)) {}
  const MetricsServerSettings& settings() const { return settings_; }

  http::Answer answer(http::Request request, const http::Address& peer, http::SteadyTime) override {
    const http::Response response = respond_to(request, peer);
    return {render(response, {request.to_head, request.keep_alive, request.http_1_0}), request.keep_alive, {}};
  }
  http::Answer refuse(const http::Refusal& refusal, const http::Address& peer) override {
    return {render(turn_down(refusal, peer), {.to_head = refusal.to_head}), false, std::nullopt};
  }

 private:
  http::Response respond_to(const http::Request& request, const http::Address& peer) const {
    if (request.path != kMetricsPath) return turn_down({404, "no such call", {}, request.to_head}, peer);
    if (request.method != "GET" && !request.to_head) return turn_down({405, "method", "GET, HEAD", false}, peer);
    try {
      return {200, kExpositionType, settings_.expose()};
    } catch (const std::exception&) {
      return turn_down({503, "internal failure", {}, request.to_head}, peer);
    }
  }
  http::Response turn_down(const http::Refusal& refusal, const http::Address& peer) const {
    if (settings_.on_refusal) settings_.on_refusal(peer.text(), refusal.reason);
    return respond(refusal);
  }

  const MetricsServerSettings settings_;
};

MetricsServer::MetricsServer(MetricsServerSettings settings)
    : scrapes_(std::make_unique<Scrapes>(std::move(settings))) {}

MetricsServer::~MetricsServer() = default;

Status MetricsServer::start() {
  if (connections_) return fail(ErrorCode::failed, "started twice");
  http::ConnectionSettings to;
  to.host = scrapes_->settings().host;
  to.port = scrapes_->settings().port;
  to.workers = kWorkers;
  to.queue_max = kConnectionsMax;
  to.admission = {kConnectionsMax, kConnectionsMax, {}};
  to.on_refusal = scrapes_->settings().on_refusal;
  auto connections = std::make_unique<http::Connections>(*scrapes_, std::move(to));
  TRY(connections->start());
  connections_ = std::move(connections);
  return ok();
}

std::uint16_t MetricsServer::port() const {
  return connections_ ? connections_->port() : std::uint16_t{0};
}

}  // namespace countersign::transport::metrics
