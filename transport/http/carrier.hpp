// The HTTP carrier: a request becomes a Message, its operation runs, the reply becomes an HTTP answer.
//
// cpp-httplib routes and answers, over memory: it never sees a socket. What it is given of a request is our own text: a
// method, a path of the route table, the length and bytes of a body. No header of a stranger reaches it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "transport/http/answerer.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport::http {

struct CarrierSettings {
  std::vector<Network> trusted_proxies;
  // A refused proof is answered at a multiple of this after it arrived.
  std::chrono::milliseconds refusal_tick{5};
  // Told of what never became an operation, with the source's address and a constant reason: for counting and the log.
  // (Operations logs its own refusals.) Any thread.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
};

class HttpCarrier final : public Answerer {
 public:
  // `operations` outlives it.
  HttpCarrier(Operations& operations, CarrierSettings settings);
  ~HttpCarrier() override;

  Answer answer(Request request, const Address& peer, SteadyTime arrived) override;
  Answer refuse(const Refusal& refusal, const Address& peer) override;

 private:
  class Engine;

  std::unique_ptr<Engine> engine_;
  CarrierSettings settings_;
};

// The next tick after `now`, counted from `arrived`.
SteadyTime next_tick(SteadyTime arrived, SteadyTime now, std::chrono::milliseconds tick);

}  // namespace countersign::transport::http
