#include "transport/wormhole/outbox.hpp"

#include "transport/wormhole/phase_body.hpp"

namespace countersign::transport::wormhole {

void Outbox::forget_held() {
  told_.clear();
}

void Outbox::mark_held(std::string_view phase) {
  // No others are ours, and so their number is bounded.
  if (phase == kPakePhase || phase == kVersionPhase || phase_number(phase)) told_.emplace(phase);
}

std::vector<Add> Outbox::take_untold() {
  std::vector<Add> untold;
  for (const Message& message : messages_) {
    if (told_.insert(message.phase).second) untold.push_back({message.phase, message.body});
  }
  return untold;
}

}  // namespace countersign::transport::wormhole
