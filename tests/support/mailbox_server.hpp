// A real mailbox server (Debian's python3-magic-wormhole-mailbox-server) on this machine, that may be killed and
// started again, with its memory or without.
#pragma once

#include <memory>
#include <string>

#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"
#include "tests/support/proxy.hpp"
#include "transport/wormhole/mailbox_url.hpp"

namespace countersign::test {

class MailboxServer {
 public:
  // Serves when it returns; throws with what it said where it does not.
  MailboxServer();

  void kill();
  void start();
  // While it is not running.
  void forget();

  transport::wormhole::MailboxUrl url() const { return {false, "127.0.0.1", port_.number()}; }

 private:
  ScratchFolder folder_;
  KeptPort port_;
  std::unique_ptr<Proxy> process_;
};

}  // namespace countersign::test
