// What a wormhole tells its owner. After a restart of the owner everything that the mailbox holds comes again, and so
// do the events of it, in the same order: an owner takes them as what is so, not as what is new.
#pragma once

#include <string>
#include <variant>

#include "storage/base/json.hpp"
#include "storage/base/secret.hpp"
#include "transport/wormhole/code.hpp"
#include "transport/wormhole/mailbox_message.hpp"

namespace countersign::transport::wormhole {

// The mailbox gave a nameplate. The code is to be kept before anybody is shown it.
struct CodeMade {
  Code code;
};
// Somebody came, with the right code or with a wrong one. From here on the mailbox is to be kept too (WormholeFacts),
// before the commands behind this event are sent: they give the nameplate back.
struct PeerCame {
  std::string mailbox;
};
// Both have a key. Whether it is the same one is not known yet.
struct KeyAgreed {
  Secret verifier;
};
// The peer's first closed message opened, so it has the same key: it knew the code.
struct PeerVersion {
  Json app_versions;
};
// The application's, each once and in the order in which they were sent.
struct Received {
  Secret text;
};
// What the peer sent does not open, or is no point to agree on a key with: it had another code, or somebody is between
// the two. The wormhole is dead, since nobody gets a second guess.
struct WrongGuess {
  std::string why;
};
// A third side came. The mailbox serves none of them any more.
struct Crowded {};
// Nothing of that: the mailbox refused, or what it or the peer said has no place here.
struct WormholeFailed {
  std::string why;  // escaped for display
};
// Nothing more comes, and nothing more is to be sent.
struct Ended {
  Mood mood;
};
using WormholeEvent =
    std::variant<CodeMade, PeerCame, KeyAgreed, PeerVersion, Received, WrongGuess, Crowded, WormholeFailed, Ended>;

}  // namespace countersign::transport::wormhole
