// One connection and what it waits for; for connections.cpp and connections_traffic.cpp only.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "transport/http/connections.hpp"

namespace countersign::transport::http {

// Of the event that ends the workers; connections have other numbers.
inline constexpr std::uint64_t kHaltId = 0;
inline constexpr std::uint32_t kTrafficEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

inline SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

struct Connections::Connection {
  enum class Phase : std::uint8_t {
    reading,    // a request, or the first byte of one
    queued,     // a whole request that takes long, behind others
    answering,  // a whole request whose turn it is
    held,       // an answer that must not leave yet
    writing,    // an answer
    lingering,  // what follows the last answer, unread
  };

  std::uint64_t id = 0;
  Descriptor socket;
  Address peer;
  bool counted = false;  // under its address

  // Under the mutex: whether a worker has it (asked before anything below is looked at), and what was seen of its
  // socket since the worker last looked.
  bool busy = false;
  std::uint32_t events = 0;
  // The list that it is in, and where.
  std::list<Connection*>* list = nullptr;
  std::list<Connection*>::iterator place;

  // The worker's that has it; under the mutex where none has.
  Phase phase = Phase::reading;
  RequestReader reader;
  bool readable = true;  // as far as we know: edge-triggered events say it once
  bool peer_closed = false;
  bool leaves_unread = false;  // what follows the answer is nothing that we take
  bool slow = false;           // what is asked takes one of the places for what takes long
  SteadyTime began;            // of what is waited for: a first byte, or the request that it began
  SteadyTime arrived;          // of the whole request
  SteadyTime deadline;
  Answer answer;
  std::size_t sent = 0;
  std::size_t drained = 0;

  void take_events() {
    const std::uint32_t seen = std::exchange(events, 0);
    if ((seen & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable = true;
    if ((seen & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_closed = true;
  }
  bool idle() const { return phase == Phase::reading && reader.state() == RequestReader::State::idle; }
};

void raise_event(const Descriptor& event) noexcept;
// How much the socket took; nullopt when the connection is broken.
std::optional<std::size_t> send_some(int socket, std::string_view bytes);

}  // namespace countersign::transport::http
