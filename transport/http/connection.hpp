// One connection and what it waits for; for connections.cpp and connections_traffic.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "transport/http/connections.hpp"

namespace countersign::transport::http {

struct Connections::Connection {
  enum class Phase : std::uint8_t { reading, working, held, writing, lingering, closed };

  std::uint64_t id = 0;
  Descriptor socket;
  Address peer;
  bool counted = false;  // under its address
  Phase phase = Phase::reading;
  RequestReader reader;
  bool readable = true;  // as far as we know: edge-triggered events say it once
  bool peer_closed = false;
  bool refused = false;
  SteadyTime began;  // of what is waited for: a first byte, or the request that it began
  SteadyTime deadline;
  Answer answer;
  std::size_t sent = 0;
  std::size_t drained = 0;
};

struct Connections::Outcome {
  std::uint64_t connection;
  Answer answer;
  std::size_t sent;
};

// How much the socket took; nullopt when the connection is broken.
std::optional<std::size_t> send_some(int socket, std::string_view bytes);

}  // namespace countersign::transport::http
