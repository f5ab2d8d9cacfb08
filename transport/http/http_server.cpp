#include "transport/http/http_server.hpp"

#include "transport/http/carrier.hpp"
#include "transport/http/connections.hpp"

namespace countersign::transport::http {

HttpServer::HttpServer(Operations& operations, HttpServerSettings settings)
    : operations_(operations), settings_(std::move(settings)) {}

HttpServer::~HttpServer() = default;

Status HttpServer::start() {
  if (connections_) return fail(ErrorCode::failed, "started twice");
  std::vector<Network> proxies;
  for (const std::string& text : settings_.trusted_proxies) proxies.push_back(TRY(parse_network(text)));
  auto carrier = std::make_unique<HttpCarrier>(
      operations_, CarrierSettings{proxies, settings_.forwarded_header, settings_.refusal_tick, settings_.on_refusal,
                                   settings_.on_unsaid_source, settings_.site});
  ConnectionSettings to;
  to.host = settings_.host;
  to.port = settings_.port;
  to.workers = settings_.workers;
  to.queue_max = settings_.queue_max;
  to.connections_max = settings_.connections_max;
  to.connections_per_address_max = settings_.connections_per_address_max;
  to.deadlines.head = settings_.head_deadline;
  to.deadlines.whole = settings_.whole_deadline;
  to.deadlines.idle = settings_.idle_deadline;
  to.deadlines.write = settings_.write_deadline;
  to.deadlines.stop = settings_.stop_deadline;
  to.trusted_proxies = std::move(proxies);
  to.on_refusal = settings_.on_refusal;
  auto connections = std::make_unique<Connections>(*carrier, std::move(to));
  TRY(connections->start());
  carrier_ = std::move(carrier);
  connections_ = std::move(connections);
  return ok();
}

std::uint16_t HttpServer::port() const {
  return connections_ ? connections_->port() : std::uint16_t{0};
}

ConnectionCounts HttpServer::connection_counts() const {
  return connections_ ? connections_->counts() : ConnectionCounts();
}

void HttpServer::request_stop() noexcept {
  if (connections_) connections_->request_stop();
}

void HttpServer::wait() {
  if (connections_) connections_->wait();
}

}  // namespace countersign::transport::http
