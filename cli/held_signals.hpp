// While this lives, what would end the program waits, so that work can stop at a place of its own choosing and remove
// what it has half made. At the end of it the signal does what it always does. What is ignored stays so.
#pragma once

#include <chrono>
#include <csignal>

namespace countersign::cli {

class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Has one come?
  bool is_waiting() const;
  // Until one has come, but no longer than that. It goes on waiting.
  void wait(std::chrono::milliseconds at_most) const;

 private:
  sigset_t held_{};
  sigset_t before_{};
};

}  // namespace countersign::cli
