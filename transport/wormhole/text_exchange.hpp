// One text from one side to the other, as `wormhole send --text` and `wormhole receive` exchange it
// (file-transfer-protocol.md of magic-wormhole-protocols).
//
//   sender    {"offer":{"message":"…"}}
//   receiver  {"answer":{"message_ack":"ok"}}, or {"error":"…"}
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "transport/wormhole/mailbox_client.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::string_view kTextAppid = "lothar.com/wormhole/text-or-file-xfer";

enum class TextOutcome : std::uint8_t {
  delivered,    // sender: the receiver said that it has it. receiver: it was taken, and that was said
  refused,      // by the receiver
  unfit,        // the peer offers or answers what is none of this
  wrong_guess,  // somebody had another code
  crowded,
  lonely,  // nobody came in time
  failed,  // the mailbox
};
std::string_view name_of(TextOutcome outcome);

// What has come of it, once it is known.
struct TextEnd {
  TextOutcome outcome;
  std::string why;  // escaped for display; may be empty
};

// What both sides have in common.
class TextExchange : public WormholeOwner {
 public:
  void take(const WormholeEvent& event, Wormhole& wormhole) override;
  // Nothing as long as it goes on, and where it was stopped.
  const std::optional<TextEnd>& end() const { return end_; }

 protected:
  virtual void take_peer(Wormhole&) {}  // the peer knew the code
  virtual void take_message(const Json& message, Wormhole& wormhole) = 0;
  // The first one stays.
  void conclude(TextOutcome outcome, std::string why, Wormhole& wormhole, Mood mood);
  void note(TextOutcome outcome, std::string why = {});

 private:
  std::optional<TextEnd> end_;
};

// The largest text is what a mailbox takes at once, less what JSON makes of it.
class TextSender final : public TextExchange {
 public:
  explicit TextSender(Secret text) : text_(std::move(text)) {}

 private:
  void take_peer(Wormhole& wormhole) override;
  void take_message(const Json& message, Wormhole& wormhole) override;

  Secret text_;
};

class TextReceiver final : public TextExchange {
 public:
  // Takes the text and keeps it, for what fails here is told to the sender, with its detail, as not delivered.
  using Accept = std::function<Status(const Secret& text)>;
  explicit TextReceiver(Accept accept) : accept_(std::move(accept)) {}

 private:
  void take_message(const Json& message, Wormhole& wormhole) override;
  void refuse(TextOutcome outcome, const std::string& why, Wormhole& wormhole);

  Accept accept_;
};

}  // namespace countersign::transport::wormhole
