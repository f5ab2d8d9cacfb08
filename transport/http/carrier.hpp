// The HTTP carrier: a request becomes a Message, its operation runs, the reply becomes an HTTP answer.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "transport/http/answerer.hpp"
#include "transport/operations/operation.hpp"
#include "transport/pages/pages.hpp"

namespace countersign::transport::http {

struct CarrierSettings {
  std::vector<Network> trusted_proxies;
  ForwardedHeader forwarded_header = ForwardedHeader::x_forwarded_for;
  // A refused proof is answered at a multiple of this after it arrived.
  std::chrono::milliseconds refusal_tick{5};
  // Told of what never became an operation, with the source's address and a constant reason: for counting and the log.
  // (Operations logs its own refusals.) Any thread.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
  // Told of requests whose source a proxy may have left unsaid: `source` is whom they are counted under instead. Not of
  // questions after health, which monitors ask without a proxy. Any thread.
  std::function<void(const Source& source)> on_unsaid_source;
  // Where the pages stand; none without it.
  std::optional<pages::Site> site = {};
};

class HttpCarrier final : public Answerer {
 public:
  // `operations` outlives it.
  HttpCarrier(Operations& operations, CarrierSettings settings);

  Answer answer(Request request, const Address& peer, SteadyTime arrived) override;
  Answer refuse(const Refusal& refusal, const Address& peer) override;

 private:
  Source source_of_request(const Request& request, const Address& peer) const;

  Operations& operations_;
  CarrierSettings settings_;
  std::optional<pages::Pages> pages_;
};

// The next tick after `now`, counted from `arrived`.
SteadyTime next_tick(SteadyTime arrived, SteadyTime now, std::chrono::milliseconds tick);

}  // namespace countersign::transport::http
