// People who log in and show their sessions while others do harm: at addresses of their own, at a steady rate. Each
// call is due at a fixed time, whatever became of those before, and its time counts from then.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/program.hpp"

namespace countersign::test {

using SteadyClock = std::chrono::steady_clock;

enum class CallKind : std::uint8_t {
  kept,   // a session check on a connection that is kept
  fresh,  // one on a connection of its own
  login,  // a challenge and its response; the time is the server's part of it
};

struct Call {
  CallKind kind;
  SteadyClock::time_point due;
  double milliseconds;
  int status;  // 0: not answered
  bool right;  // the answer that is due to whoever asked
};

// Whoever waits longer has gone.
inline constexpr double kPatienceMilliseconds = 2000;

inline bool is_served(const Call& call) {
  return call.right && call.milliseconds <= kPatienceMilliseconds;
}

struct HonestRates {
  double checks_a_second = 100;  // of either kind
  std::chrono::milliseconds between_logins{1000};
};

class HonestClients {
 public:
  // Adds an account, opens a session for each thread that checks, and begins. Installation and server outlive it.
  HonestClients(const Installation& installation, const RunningServer& server, HonestRates rates);
  ~HonestClients();
  HonestClients(const HonestClients&) = delete;
  HonestClients& operator=(const HonestClients&) = delete;

  // Every call, in the order in which they were due. Once.
  std::vector<Call> stop();

 private:
  static constexpr std::size_t kThreadsOfKind = 8;
  struct Session {
    std::string token;
    std::string id;
  };

  Session open_session();
  void check(CallKind kind, std::size_t thread, const Session& session, std::vector<Call>& calls);
  void log_in(std::vector<Call>& calls);
  Call log_in_once(SteadyClock::time_point due);

  const RunningServer& server_;
  const HonestRates rates_;
  GnupgUser alice_{"Alice"};
  SteadyClock::time_point begun_;
  std::atomic<std::size_t> next_kept_{0};
  std::atomic<std::size_t> next_fresh_{0};
  std::atomic<bool> stopped_{false};
  std::vector<std::vector<Call>> calls_;  // of each thread
  std::vector<std::thread> threads_;
};

}  // namespace countersign::test
