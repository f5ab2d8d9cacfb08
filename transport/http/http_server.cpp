#include "transport/http/http_server.hpp"

#include <mutex>

#include "transport/http/carrier.hpp"
#include "transport/http/connections.hpp"

namespace countersign::transport::http {

namespace {

Result<std::vector<Network>> proxies_of(const HttpServerSettings& settings) {
  std::vector<Network> proxies;
  for (const std::string& text : settings.trusted_proxies) proxies.push_back(TRY(parse_network(text)));
  return proxies;
}

std::shared_ptr<HttpCarrier> make_carrier(Operations& operations, const HttpServerSettings& settings,
                                          const std::vector<Network>& proxies) {
  return std::make_shared<HttpCarrier>(
      operations, CarrierSettings{proxies, settings.forwarded_header, settings.refusal_tick, settings.on_refusal,
                                  settings.on_unsaid_source, settings.site});
}

Admission admission_of(const HttpServerSettings& settings, std::vector<Network> proxies) {
  return {settings.connections_max, settings.connections_per_address_max, std::move(proxies)};
}

}  // namespace

// Whatever is under way ends on the carrier that it began with.
class HttpServer::CurrentCarrier final : public Answerer {
 public:
  explicit CurrentCarrier(std::shared_ptr<HttpCarrier> carrier) : carrier_(std::move(carrier)) {}
  Answer answer(Request request, const Address& peer, SteadyTime arrived) override {
    return current()->answer(std::move(request), peer, arrived);
  }
  Answer refuse(const Refusal& refusal, const Address& peer) override { return current()->refuse(refusal, peer); }
  void replace(std::shared_ptr<HttpCarrier> next) {
    const std::lock_guard lock(mutex_);
    carrier_.swap(next);
  }

 private:
  std::shared_ptr<HttpCarrier> current() {
    const std::lock_guard lock(mutex_);
    return carrier_;
  }

  std::mutex mutex_;
  std::shared_ptr<HttpCarrier> carrier_;
};

HttpServer::HttpServer(Operations& operations, HttpServerSettings settings)
    : operations_(operations), settings_(std::move(settings)) {}

HttpServer::~HttpServer() = default;

Status HttpServer::start() {
  if (connections_) return fail(ErrorCode::failed, "started twice");
  std::vector<Network> proxies = TRY(proxies_of(settings_));
  auto carrier = std::make_unique<CurrentCarrier>(make_carrier(operations_, settings_, proxies));
  ConnectionSettings to;
  to.host = settings_.host;
  to.port = settings_.port;
  to.workers = settings_.workers;
  to.queue_max = settings_.queue_max;
  to.admission = admission_of(settings_, std::move(proxies));
  to.deadlines.head = settings_.head_deadline;
  to.deadlines.whole = settings_.whole_deadline;
  to.deadlines.idle = settings_.idle_deadline;
  to.deadlines.write = settings_.write_deadline;
  to.deadlines.stop = settings_.stop_deadline;
  to.on_refusal = settings_.on_refusal;
  auto connections = std::make_unique<Connections>(*carrier, std::move(to));
  TRY(connections->start());
  carrier_ = std::move(carrier);
  connections_ = std::move(connections);
  return ok();
}

Status HttpServer::take_over(HttpServerSettings settings) {
  if (!connections_) return fail(ErrorCode::failed, "not started");
  std::vector<Network> proxies = TRY(proxies_of(settings));
  carrier_->replace(make_carrier(operations_, settings, proxies));
  connections_->admit_by(admission_of(settings, std::move(proxies)));
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
