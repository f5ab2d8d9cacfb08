// Owns every connection: accepts, reads within limits of bytes and time, parks the idle ones, sends the answers.
//
// All workers wait in one epoll set for any connection. The worker that is woken has that connection until it waits
// again: it reads what is there, answers a request that is whole, sends. So a request costs no switch between threads,
// a slow sender holds a socket and never a worker, and a worker that storage keeps waiting holds up one connection.
//
// What takes a signature or a password may keep no more than some of the workers; what comes beyond that waits in a
// bounded line, and session checks never wait behind it.
//
// One more thread keeps the time: it accepts, ends what is late, and lets go of answers that had to wait.
//
//   reading -> (queued) -> answering -> (held) -> writing -> reading, or (lingering) -> closed
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "transport/http/answerer.hpp"
#include "transport/http/listener.hpp"
#include "transport/http/request_reader.hpp"

namespace countersign::transport::http {

struct Deadlines {
  using Duration = std::chrono::milliseconds;
  Duration head{3000};    // from a request's first byte, or from accepting, to the end of its head
  Duration whole{10000};  // to the end of its body
  Duration idle{60000};   // between requests
  Duration write{10000};  // for an answer to leave
  Duration linger{1000};  // to read what follows a last answer, so that it is not lost to a reset
  Duration stop{5000};    // for open requests when stopping
};

// Who is let in.
struct Admission {
  std::size_t connections_max = 1024;
  std::size_t connections_per_address_max = 256;  // an IPv6 /64 is one address; trusted proxies are exempt
  std::vector<Network> trusted_proxies;
};

struct ConnectionSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8420;
  std::size_t workers = 32;
  std::size_t queue_max = 256;  // requests that take long and wait for a worker
  Admission admission;
  Deadlines deadlines;
  // As CarrierSettings::on_refusal, for connections that are turned away or too slow.
  std::function<void(std::string_view source, std::string_view reason)> on_refusal;
};

struct ConnectionCounts {
  std::size_t open = 0;
  std::size_t most = 0;        // that may be open at once
  std::uint64_t admitted = 0;  // since the start
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
  // From the next connection on; those that are open stay. Any thread.
  void admit_by(Admission admission);
  // No new connections; open requests are answered within the stop deadline. Safe in a signal handler.
  void request_stop() noexcept;
  // Until everything has stopped.
  void wait();
  // Any thread.
  ConnectionCounts counts() const;

 private:
  struct Connection;
  using Ptr = std::unique_ptr<Connection>;
  // What a worker does next with the connection that it has.
  enum class Next : std::uint8_t {
    go_on,
    wait,      // until the socket has more to say
    give_way,  // to other connections: there is more to read
    gone,      // closed, or somebody else's now
  };
  struct Ended {
    Ptr connection;
    std::string_view reason;  // for on_refusal; may be empty
  };

  // A worker's.
  void work();
  Connection* claim(std::uint64_t id, std::uint32_t events);
  bool serve(Connection& connection, std::span<char> buffer);
  Next step(Connection& connection, std::span<char> buffer);
  Next read_more(Connection& connection, std::span<char> buffer);
  Next dispatch(Connection& connection);
  Next answer(Connection& connection);
  Next send_answer(Connection& connection, Answer answer);
  Next write_more(Connection& connection);
  Next after_answer(Connection& connection);
  Next drain(Connection& connection, std::span<char> buffer);
  Next hold(Connection& connection, Answer answer);
  Next take_place(Connection& connection);
  Connection* pass_place_on();
  bool park(Connection& connection, Next next, bool has_place);
  Next close(Connection& connection);

  // The timekeeper's.
  void keep_time();
  int timeout_ms(SteadyTime now);
  void accept_all(SteadyTime now);
  void pause_accepting(SteadyTime now);
  void admit(Accepted accepted, SteadyTime now);
  bool turn_away_on_reserve();
  void reset(const Accepted& accepted, std::string_view reason);
  void turn_away(const Accepted& accepted, std::string_view reason);
  void release_held(SteadyTime now);
  void sweep(SteadyTime now);
  void begin_stop(SteadyTime now);

  // Under the mutex.
  Ended take_out(Connection& connection, std::string_view reason);
  Ended make_room();
  void put_in_list(Connection& connection);
  void wake_worker(Connection& connection) const;

  void report(const Ended& ended) const;

  Answerer& answerer_;
  ConnectionSettings settings_;
  const std::size_t slow_max_;
  Listener listener_;
  Descriptor traffic_;   // the workers' epoll set: every connection, and halt_
  Descriptor arrivals_;  // the timekeeper's: listener and wake_
  Descriptor wake_;
  Descriptor halt_;
  std::thread timekeeper_;
  std::vector<std::thread> workers_;
  std::atomic<bool> stop_requested_{false};
  std::atomic<bool> stopping_{false};

  // Held for moments: nothing is read, answered or sent under it.
  mutable std::mutex mutex_;
  Admission admission_;
  std::unordered_map<std::uint64_t, Ptr> connections_;
  std::map<Address, std::size_t> per_address_;
  std::list<Connection*> at_work_;
  std::list<Connection*> idle_;  // and no worker has them: longest first
  std::list<Connection*> idle_of_proxies_;
  std::multimap<SteadyTime, std::uint64_t> held_;
  std::deque<std::uint64_t> queued_;
  std::size_t slow_running_ = 0;
  std::uint64_t admitted_ = 0;

  // The timekeeper's own.
  std::uint64_t next_id_ = 2;
  SteadyTime next_sweep_{};
  SteadyTime accept_again_{};
  bool accept_paused_ = false;
  SteadyTime stop_by_{};
};

}  // namespace countersign::transport::http
