#include "transport/wormhole/waiting.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <stdexcept>

namespace countersign::transport::wormhole {

Interrupt::Interrupt() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_.get() < 0) throw std::runtime_error("no descriptor is left for an event");
}

void Interrupt::stop() {
  stopped_ = true;
  wake();
}

void Interrupt::wake() {
  eventfd_write(event_.get(), 1);
}

void Interrupt::clear() {
  eventfd_t count = 0;
  eventfd_read(event_.get(), &count);
}

Awaited wait_for(int descriptor, short events, const Patience& patience) {
  for (;;) {
    if (patience.interrupt.stopped()) return Awaited::woken;
    const auto left = patience.until - patience.clock.monotonic();
    if (left.count() <= 0) return Awaited::late;
    pollfd watched[2] = {{patience.interrupt.descriptor(), POLLIN, 0}, {descriptor, events, 0}};
    // No longer than this at once, for a clock that a test moves.
    const int milliseconds = static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), 1000));
    const int ready = poll(watched, descriptor < 0 ? 1 : 2, milliseconds);
    if (ready <= 0) continue;
    if (watched[0].revents != 0) {
      patience.interrupt.clear();
      return Awaited::woken;
    }
    return Awaited::ready;
  }
}

Status wait_ready(int descriptor, short events, const Patience& patience, std::string_view what) {
  for (;;) {
    const Awaited awaited = wait_for(descriptor, events, patience);
    if (patience.interrupt.stopped()) return fail(ErrorCode::failed, "stopped");
    if (awaited == Awaited::ready) return ok();
    if (awaited == Awaited::late) return fail(ErrorCode::network_failed, std::string(what) + " took too long");
  }
}

}  // namespace countersign::transport::wormhole
