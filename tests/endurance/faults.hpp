// What befalls the machine while clients work: each fault is over when its call returns, and the servers are ready.
#pragma once

#include <chrono>
#include <random>

#include "tests/endurance/disk.hpp"
#include "tests/endurance/machine.hpp"
#include "tests/endurance/tally.hpp"

namespace countersign::test {

// One thread.
class Faults {
 public:
  Faults(Machine& machine, Disk& disk, Tally& tally, std::uint64_t seed)
      : machine_(machine), disk_(disk), tally_(tally), random_(seed) {}

  // The next one. Every kind comes before one comes again.
  void strike();

 private:
  enum class Kind : std::uint8_t {
    kill_one,
    kill_both,
    end_one,
    stop_one,
    kill_stopped,
    fill_disk,
    kill_on_full_disk,
    clock_ahead,
    clock_far_ahead,
    time_passes,
  };
  static constexpr std::size_t kKinds = 10;
  static constexpr std::chrono::hours kPassing{25};

  void strike(Kind kind);
  void kill_servers(bool both);
  void fill_disk(bool with_kill);
  void set_clock_ahead();
  void set_clock_far_ahead();
  void let_time_pass();
  void await_ready(const char* after);
  void pause(std::chrono::milliseconds least, std::chrono::milliseconds most);
  std::size_t any_server() { return random_() % Machine::kServers; }

  Machine& machine_;
  Disk& disk_;
  Tally& tally_;
  std::mt19937_64 random_;
  std::vector<Kind> coming_;
  Seconds passed_{0};
};

}  // namespace countersign::test
