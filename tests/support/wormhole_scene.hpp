// Two sides of a wormhole and a mailbox in memory.
#pragma once

#include <optional>
#include <string>

#include "tests/support/fake_mailbox.hpp"
#include "tests/support/wormhole_side.hpp"

namespace countersign::test {

// The first one makes the code, the second one types it.
struct WormholeScene {
  FakeMailbox mailbox;
  WormholeSide a;
  std::optional<WormholeSide> b;

  explicit WormholeScene(const std::string& code = {}) {
    mailbox.connect(a.side(), a.wormhole());
    run();
    b.emplace(code.empty() ? a.code() : code);
  }
  void run() {
    mailbox.run();
    a.take();
    mailbox.run();
    if (b) b->take();
  }
  void join() {
    mailbox.connect(b->side(), b->wormhole());
    run();
  }
  void reconnect(WormholeSide& side) {
    mailbox.connect(side.side(), side.wormhole());
    run();
  }
};

}  // namespace countersign::test
