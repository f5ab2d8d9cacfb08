// One side of a wormhole: what to tell the mailbox, and what has come of it (client-protocol.md and server-protocol.md
// of magic-wormhole-protocols). No sockets, no clock: messages in, commands and events out.
//
//   connected → welcome → bind → [allocate → allocated] → claim → claimed → open, ping → everything that is held → pong
//   → add what is not held → … → close → closed
//
// The pong comes behind everything that the mailbox holds, so it is known then which of our messages it does not hold.
// That makes every connection alike: the first one, one after the mailbox lost its memory, one after we lost ours.
// State is a fold over messages, so an object that is made anew from WormholeFacts comes to where the former one was.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "auth/base/rng.hpp"
#include "transport/wormhole/outbox.hpp"
#include "transport/wormhole/peer_phases.hpp"
#include "transport/wormhole/spake2.hpp"
#include "transport/wormhole/wormhole_event.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kSideBytes = 5;  // in hex
inline constexpr std::size_t kTextBytesMax = kBodyBytesMax - 40;

// All that a wormhole is made of, besides the URL of its mailbox. Keep it before it is used.
struct WormholeFacts {
  std::string appid;         // names the application; both sides have the same
  std::string side;          // ten hex digits, drawn once
  Secret scalar;             // of pake_scalar, for this wormhole alone
  std::optional<Code> code;  // none: a nameplate is asked for and a code is made
  std::string mailbox;       // what PeerCame told; empty until then
};

Result<std::string> draw_side(auth::Rng& rng);

// One thread at a time.
class Wormhole {
 public:
  // `words` is the length of a code that is made. `rng` outlives this. malformed_message for facts that are none.
  static Result<Wormhole> begin(WormholeFacts facts, auth::Rng& rng, std::size_t words = kCodeWords);

  // A connection to the mailbox is there; is gone; said something.
  void connected();
  void lost();
  void receive(const MailboxAnswer& answer);

  // Another message of the application. It is told to the mailbox once the peer has shown that it knows the code. After
  // a restart the owner sends the same texts in the same order; those that the mailbox holds are not told again.
  // message_too_large over kTextBytesMax; conflict after close; busy where kQueuedMax wait.
  Status send(const Secret& text);
  // Nothing more is received. What was sent is told first, if the peer showed that it knows the code.
  void close(Mood mood);
  // The owner gives up for a reason that is told as WormholeFailed.
  void give_up(std::string why);

  // To be sent in this order, after the events were taken.
  std::vector<MailboxCommand> take_commands();
  std::optional<WormholeEvent> next_event();

  bool ended() const { return stage_ == Stage::ended; }
  const std::optional<Code>& code() const { return facts_.code; }

 private:
  enum class Stage { apart, greeting, allocating, claiming, replaying, open, closing, ended };

  Wormhole(WormholeFacts facts, auth::Rng& rng, std::size_t words)
      : facts_(std::move(facts)), rng_(&rng), words_(words), mailbox_(facts_.mailbox) {}

  void on(const Welcome& welcome);
  void on(const Allocated& allocated);
  void on(const Claimed& claimed);
  void on(const Released& released);
  void on(const PhaseMessage& message);
  void on(const Closed& closed);
  void on(const Pong& pong);
  void on(const MailboxError& error);
  void on(const PassedOver&) {}

  Status begin_pake();
  void enter_mailbox();
  void take_pake(const PhaseMessage& message);
  void take_closed(const PhaseMessage& message);
  Status put_text(const Secret& text);
  void tell();
  void tell_close();
  void release();
  void end(Mood mood);

  WormholeFacts facts_;
  auth::Rng* rng_;
  std::size_t words_;
  Stage stage_ = Stage::apart;
  std::string mailbox_;
  bool released_ = false;
  bool release_told_ = false;  // on this connection
  std::int64_t pings_ = 0;
  int closes_told_ = 0;
  std::optional<Mood> closing_;
  std::optional<Spake2> pake_;
  Secret key_;
  PeerPhases peer_;
  Outbox outbox_;
  std::uint32_t next_phase_ = 0;
  std::vector<Secret> waiting_;  // until the peer has shown that it knows the code
  std::vector<MailboxCommand> commands_;
  std::deque<WormholeEvent> events_;
};

}  // namespace countersign::transport::wormhole
