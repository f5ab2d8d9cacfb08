#include "cli/held_signals.hpp"

namespace countersign::cli {
namespace {

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  for (const int signal : kEnding) {
    struct sigaction action {};
    // One that is ignored would wait like any other, and then do nothing.
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) sigaddset(&held_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

bool HeldSignals::is_waiting() const {
  sigset_t waiting;
  sigemptyset(&waiting);
  if (::sigpending(&waiting) != 0) return false;
  for (const int signal : kEnding) {
    if (sigismember(&held_, signal) == 1 && sigismember(&waiting, signal) == 1) return true;
  }
  return false;
}

void HeldSignals::wait(std::chrono::milliseconds at_most) const {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at_most);
  const timespec limit{whole.count(), std::chrono::nanoseconds(at_most - whole).count()};
  const int signal = ::sigtimedwait(&held_, nullptr, &limit);
  if (signal > 0) ::raise(signal);
}

}  // namespace countersign::cli
