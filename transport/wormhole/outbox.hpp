// What our side says: closed once, and told to a mailbox for as long as the mailbox does not hold it.
//
// A mailbox tells each side everything that it holds, that side's own messages too. So what was told on an earlier
// connection, or by an earlier run of this program, is not told twice, and what a mailbox has lost is told again.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "transport/wormhole/mailbox_message.hpp"

namespace countersign::transport::wormhole {

class Outbox {
 public:
  void put(std::string_view phase, Bytes body) { messages_.push_back({std::string(phase), std::move(body)}); }
  std::size_t size() const { return messages_.size(); }

  // A connection begins: nothing is known to be held.
  void forget_held();
  // The mailbox told us that it holds this phase of ours, which an earlier run may have told it and this one not yet.
  void mark_held(std::string_view phase);
  // What the mailbox does not hold; it is taken for told now.
  std::vector<Add> take_untold();

 private:
  struct Message {
    std::string phase;
    Bytes body;
  };
  std::vector<Message> messages_;
  std::set<std::string, std::less<>> told_;  // on this connection, or held from before
};

}  // namespace countersign::transport::wormhole
