// Owns every connection: accepts, reads within limits of bytes and time, parks the idle ones, sends the answers.
//
// One thread watches all sockets with epoll and reads; workers see whole requests only, so a slow sender holds a socket
// and never a worker. An answer leaves in one write of the worker that made it; what the socket does not take at once,
// and what must wait for its time, the watching thread sends.
//
//   reading -> working -> (held) -> (writing) -> reading, or (lingering) -> closed
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "transport/http/answerer.hpp"
#include "transport/http/listener.hpp"
#include "transport/http/request_reader.hpp"
#include "transport/http/work_queue.hpp"

namespace countersign::transport::http {

struct Deadlines {
  using Duration = std::chrono::milliseconds;
  Duration head{3000};    // from a request's first byte, or from accepting, to the end of its head
  Duration whole{10000};  // to the end of its body
  Duration idle{60000};   // between requests
  Duration write{10000};  // for an answer to leave
  Duration linger{1000};  // to read what follows a refusal, so that it is not lost to a reset
  Duration stop{5000};    // for open requests when stopping
};

struct ConnectionSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8420;
  std::size_t workers = 32;
  std::size_t queue_max = 256;  // whole requests waiting, in each lane
  std::size_t connections_max = 1024;
  std::size_t connections_per_address_max = 256;  // an IPv6 /64 is one address; trusted proxies are exempt
  Deadlines deadlines;
  std::vector<Network> trusted_proxies;
  // As CarrierSettings::on_refusal, for connections that are turned away or too slow.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
};

class Connections {
 public:
  // `answerer` outlives it.
  Connections(Answerer& answerer, ConnectionSettings settings);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections();

  // Binds, then serves on threads of its own. Once. network_failed, invalid_settings.
  Status start();
  std::uint16_t port() const { return listener_.port(); }
  // No new connections; open requests are answered within the stop deadline. Safe in a signal handler.
  void request_stop() noexcept;
  // Until everything has stopped.
  void wait();

 private:
  struct Connection;
  struct Outcome;
  using Ptr = std::unique_ptr<Connection>;

  void work();
  void watch();
  int timeout_ms(SteadyTime now) const;
  void accept_all(SteadyTime now);
  void pause_accepting(SteadyTime now);
  void admit(Accepted accepted, SteadyTime now);
  bool make_room();
  void on_event(Connection& connection, std::uint32_t events, SteadyTime now);
  void read_more(Connection& connection, SteadyTime now);
  void advance(Connection& connection, SteadyTime now);
  void dispatch(Connection& connection, SteadyTime now);
  void take_outcomes(SteadyTime now);
  void release_held(SteadyTime now);
  void send_answer(Connection& connection, Answer answer, std::size_t sent, SteadyTime now);
  void write_more(Connection& connection, SteadyTime now);
  void after_answer(Connection& connection, SteadyTime now);
  void drain(Connection& connection);
  void expect_request(Connection& connection, SteadyTime now);
  void sweep(SteadyTime now);
  void begin_stop(SteadyTime now);
  void close(Connection& connection);
  void bury();
  void refuse(const Address& peer, std::string_view reason) const;

  Answerer& answerer_;
  ConnectionSettings settings_;
  Listener listener_;
  Descriptor epoll_;
  Descriptor wake_;
  WorkQueue queue_;
  std::thread watcher_;
  std::vector<std::thread> workers_;
  std::atomic<bool> stop_requested_{false};

  std::mutex outcomes_mutex_;
  std::vector<Outcome> outcomes_;

  // The watching thread's own.
  std::unordered_map<std::uint64_t, Ptr> connections_;
  std::vector<Ptr> closed_;  // until the end of the round: events of this round may still name them
  std::map<Address, std::size_t> per_address_;
  std::multimap<SteadyTime, std::uint64_t> held_;
  std::vector<char> read_buffer_;
  std::uint64_t next_id_ = 2;
  SteadyTime next_sweep_{};
  SteadyTime accept_again_{};
  bool accept_paused_ = false;
  bool stopping_ = false;
  SteadyTime stop_by_{};
};

}  // namespace countersign::transport::http
