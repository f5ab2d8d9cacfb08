// Runs one wormhole over a WebSocket, in the thread that asks for it, until the wormhole has ended: connects, connects
// again with growing waits where the connection is lost, and gives the owner what comes of it.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "transport/wormhole/websocket.hpp"
#include "transport/wormhole/wormhole.hpp"

namespace countersign::transport::wormhole {

// What is told of a wormhole goes here, in the thread that runs it. Called from here, the wormhole may be sent texts
// and be closed. What happens at an event is stored before it returns: the mailbox is told only then.
class WormholeOwner {
 public:
  virtual ~WormholeOwner() = default;
  virtual void take(const WormholeEvent& event, Wormhole& wormhole) = 0;
  // A connection failed or ended; another one is tried after `wait`.
  virtual void take_loss(const Error& why, std::chrono::milliseconds wait);
};

struct MailboxClientSettings {
  MailboxUrl url;
  WebSocketSettings socket;
  // Between connections: from the first, growing by half up to the longest. Once the mailbox welcomed us it begins
  // anew.
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds longest_wait{60'000};
  // From the beginning; then the wormhole is closed as lonely, and may take `farewell` for that.
  std::optional<std::chrono::milliseconds> deadline;
  std::chrono::milliseconds farewell{5'000};
};

class MailboxClient {
 public:
  // All of them outlive this.
  MailboxClient(MailboxClientSettings settings, Wormhole& wormhole, WormholeOwner& owner, const auth::Clock& clock,
                auth::Rng& rng)
      : settings_(std::move(settings)), wormhole_(wormhole), owner_(owner), clock_(clock), rng_(rng) {}

  // Once. ok when the wormhole has ended, whatever its mood; failed when stopped, which leaves it as it is at the
  // mailbox, to be taken up by another; network_failed where the deadline and the farewell passed without a mailbox;
  // usage for settings that lead nowhere.
  Status run();

  // Any thread at any time.
  void stop() { interrupt_.stop(); }
  // Runs this in the thread that runs the wormhole, soon.
  void post(std::function<void(Wormhole&)> work);

 private:
  Status converse(WebSocket& websocket);
  Status tell(WebSocket& websocket);
  void give_events();
  void do_posted();
  void keep_time();
  std::chrono::milliseconds next_moment() const;
  void wait_between(std::chrono::milliseconds wait);

  MailboxClientSettings settings_;
  Wormhole& wormhole_;
  WormholeOwner& owner_;
  const auth::Clock& clock_;
  auth::Rng& rng_;
  Interrupt interrupt_;
  std::mutex mutex_;
  std::deque<std::function<void(Wormhole&)>> posted_;
  std::chrono::milliseconds wait_{0};
  std::optional<std::chrono::milliseconds> lonely_at_;  // by clock_.monotonic()
  std::optional<std::chrono::milliseconds> gone_at_;    // when a farewell has taken too long
};

}  // namespace countersign::transport::wormhole
