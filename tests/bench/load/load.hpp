// A load: n clients at once on one server, for a time, and what they saw.
//
// Closed loop: each client asks again as soon as it was answered. A server that stalls is then asked less, so that few
// of the measured times are long ones (coordinated omission). With a rate, operations are due at fixed times, whatever
// became of those before, and a time counts from when the operation was due.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/load/mix.hpp"
#include "tests/support/machine_use.hpp"

namespace countersign::bench {

struct LoadSettings {
  std::string url;
  Mix mix{"check"};
  std::size_t connections = 4;
  std::size_t accounts = 1;  // of each client, in turn
  std::chrono::duration<double> time{5};
  std::chrono::duration<double> warm_up{1};
  std::optional<double> rate;     // operations a second, of all clients together
  std::string path = "/healthz";  // what Kind::get asks for
  std::optional<pid_t> process;   // the server's
};

struct LoadResult {
  std::map<Kind, std::vector<double>> milliseconds;  // sorted
  double seconds = 0;                                // until the last operation that was begun had ended
  std::optional<test::MachineUse> before, after;

  std::size_t operations() const;
};

// Throws what the first client that failed threw.
LoadResult run_load(const LoadSettings& settings);

}  // namespace countersign::bench
