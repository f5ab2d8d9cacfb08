// What the connections need of whoever answers: they know bytes and time, it knows what a request means.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "transport/http/address.hpp"
#include "transport/http/request.hpp"

namespace countersign::transport::http {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Answer {
  std::string bytes;  // head and body: they leave in one write
  bool keep_alive = false;
  // Not to be sent before: refusals leave at the ticks of a coarse clock, so that they look alike in time, and no
  // worker waits for it.
  std::optional<SteadyTime> hold_until;
};

class Answerer {
 public:
  virtual ~Answerer() = default;
  // A whole request from `peer` that arrived when it did. Any thread at any time; throws bad_alloc alone.
  virtual Answer answer(Request request, const Address& peer, SteadyTime arrived) = 0;
  // To what never became a request, and to a request nobody is free to take. Must not block.
  virtual Answer refuse(const Refusal& refusal, const Address& peer) = 0;
};

}  // namespace countersign::transport::http
