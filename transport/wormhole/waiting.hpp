// Waiting for a socket, no longer than until a moment, and not when somebody says so.
#pragma once

#include <atomic>
#include <chrono>

#include "auth/base/clock.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"

namespace countersign::transport::wormhole {

// Wakes the thread that waits, by any thread at any time.
class Interrupt {
 public:
  Interrupt();
  // For good: whatever waits fails, and so does what would wait later.
  void stop();
  bool stopped() const { return stopped_.load(); }
  // Once: there is something to look at.
  void wake();

  int descriptor() const { return event_.get(); }
  void clear();

 private:
  FileDescriptor event_;
  std::atomic<bool> stopped_{false};
};

struct Patience {
  const auth::Clock& clock;
  Interrupt& interrupt;
  std::chrono::milliseconds until;  // by clock.monotonic()

  Patience within(std::chrono::milliseconds time) const { return {clock, interrupt, clock.monotonic() + time}; }
};

enum class Awaited { ready, woken, late };

// `events` are those of poll(2). Woken also when stopped.
Awaited wait_for(int descriptor, short events, const Patience& patience);
// The same where being woken is no reason to leave off. network_failed when it is late; failed when stopped.
Status wait_ready(int descriptor, short events, const Patience& patience, std::string_view what);

}  // namespace countersign::transport::wormhole
