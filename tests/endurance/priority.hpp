// Clients stand for other machines, but share the processors with the server. So what a client does for itself is kept
// from being measured: a flood's threads get what the server leaves, and whoever measures is not kept waiting for the
// server's threads to run. Linux keeps a priority for each thread (sched(7)).
#pragma once

#include <unistd.h>

namespace countersign::test {

// Of the thread that calls, beside what the process was started with.
inline void run_behind_others() {
  [[maybe_unused]] const int priority = nice(10);
}

// Nothing changes where the system does not let us: then the measured times are longer.
inline void run_before_others() {
  [[maybe_unused]] const int priority = nice(-10);
}

}  // namespace countersign::test
