#include "transport/wormhole/peer_phases.hpp"

#include "transport/wormhole/keys.hpp"
#include "transport/wormhole/phase_body.hpp"

namespace countersign::transport::wormhole {

void PeerPhases::begin(std::string side, Secret key) {
  side_ = std::move(side);
  key_ = std::move(key);
}

Status PeerPhases::hold(const PhaseMessage& message) {
  for (const PhaseMessage& held : held_) {
    if (held.side == message.side && held.phase == message.phase) return ok();
  }
  if (held_.size() >= kQueuedMax) return fail(ErrorCode::conflict, "too many messages came before a key was agreed on");
  held_.push_back(message);
  return ok();
}

std::vector<PhaseMessage> PeerPhases::take_held() {
  return std::exchange(held_, {});
}

bool PeerPhases::is_wanted(const PhaseMessage& message) const {
  if (message.side != side_) return false;
  if (message.phase == kVersionPhase) return !has_version_;
  const auto number = phase_number(message.phase);
  return number && *number >= next_ && !early_.contains(*number);
}

Result<PeerPhases::Opened> PeerPhases::take(const PhaseMessage& message) {
  Opened opened;
  if (!is_wanted(message)) return opened;
  auto text = open_body(phase_key(key_, message.side, message.phase), message.body);
  if (!text) return fail(ErrorCode::signature_invalid, "a message of the other side does not open");
  if (message.phase == kVersionPhase) {
    opened.version = TRY(parse_version_body(*text));
    has_version_ = true;
  } else {
    if (early_.size() >= kQueuedMax) return fail(ErrorCode::conflict, "too many messages came before their turn");
    early_.emplace(*phase_number(message.phase), *std::move(text));
  }
  while (has_version_ && !early_.empty() && early_.begin()->first == next_) {
    opened.texts.push_back(std::move(early_.begin()->second));
    early_.erase(early_.begin());
    ++next_;
  }
  return opened;
}

}  // namespace countersign::transport::wormhole
