// The machine that a load runs on: a data folder, the servers on it, the commands, and a wall clock that can be set.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "tests/endurance/account_beliefs.hpp"
#include "tests/support/program.hpp"

namespace countersign::test {

// The wall clock of the servers and commands: the machine's, and some seconds.
class SetClock {
 public:
  // The file is made.
  explicit SetClock(const std::filesystem::path& file);
  ~SetClock();
  SetClock(const SetClock&) = delete;
  SetClock& operator=(const SetClock&) = delete;

  // False where no program can be made to see it, as under a sanitizer.
  static bool can_be_set();
  // What a program is started with, so that it sees this clock.
  std::vector<std::string> environment() const;

  void set(Seconds ahead);
  // Back to `ahead`, with the servers judging by a time up to `latest` until they are told that the clock is right.
  void set_back(Seconds ahead, Seconds latest);
  void settle();
  // The times that it was set back to, without the first so many of them.
  std::vector<Instant> set_backs(std::size_t known) const;

  struct Reading {
    std::uint64_t changes = 0;
    Seconds ahead{};
    When when;
  };
  Reading read() const;
  // From one reading to the next: steady where nothing was set between them.
  static When between(const Reading& before, const Reading& after);

 private:
  mutable std::mutex mutex_;
  const std::filesystem::path file_;
  std::int64_t* shared_ = nullptr;
  std::uint64_t changes_ = 0;
  Seconds ahead_{0};
  Seconds latest_{0};
  std::vector<Instant> set_backs_;
};

class Machine {
 public:
  static constexpr std::size_t kServers = 2;

  Machine(const std::string& storage);

  const Installation& installation() const { return installation_; }
  SetClock& clock() { return clock_; }

  // 0 while the server is down. Any thread.
  std::uint16_t port(std::size_t server) const { return ports_.at(server); }

  // The rest is for one thread. A server that does not come up throws.
  void start(std::size_t server);
  // The exit code, or minus the signal.
  int stop(std::size_t server, int signal);
  void signal(std::size_t server, int signal) const;
  // Why one is not running that should be; empty where all are.
  std::string fallen() const;
  std::string logs() const;
  // The most that a server ever had resident.
  std::int64_t peak_rss_kib();

  // A command, under the set clock. Any thread; it waits while `no_commands` is held.
  ProgramRun run(std::vector<std::string> arguments, std::string_view input = {}) const;
  // What a command is started with, by whoever starts one otherwise.
  std::vector<std::string> command(std::vector<std::string> arguments) const;
  std::vector<std::string> environment() const;
  // For as long as one that was started otherwise runs.
  std::shared_lock<std::shared_mutex> a_command() const { return std::shared_lock(commands_); }
  // No command starts, and none is running, while it is held.
  std::unique_lock<std::shared_mutex> no_commands() const { return std::unique_lock(commands_); }

 private:
  void note_rss(std::size_t server);

  Installation installation_;
  SetClock clock_;
  mutable std::shared_mutex commands_;
  std::array<std::unique_ptr<RunningServer>, kServers> servers_;
  std::array<std::atomic<std::uint16_t>, kServers> ports_{};
  std::string ended_logs_;
  std::int64_t peak_rss_kib_ = 0;
};

}  // namespace countersign::test
