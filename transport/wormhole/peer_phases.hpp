// What one peer said, whatever order the mailbox tells it in and however often: each phase once, the version first,
// then the application's messages by their numbers.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/json.hpp"
#include "storage/base/secret.hpp"
#include "transport/wormhole/mailbox_message.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kQueuedMax = 64;  // messages that wait for one before them

class PeerPhases {
 public:
  // What was opened and has its turn.
  struct Opened {
    std::optional<Json> version;
    std::vector<Secret> texts;
  };

  bool has_key() const { return !key_.empty(); }
  bool has_version() const { return has_version_; }
  // The first pake decides whose phases these are: other sides are passed over from here on.
  void begin(std::string side, Secret key);

  // Holds what comes before the pake, of any side; conflict where too much waits.
  Status hold(const PhaseMessage& message);
  std::vector<PhaseMessage> take_held();

  // signature_invalid where the message does not open, which ends a wormhole; malformed_message for a version that is
  // none; conflict where too much waits. What is not for us gives nothing.
  Result<Opened> take(const PhaseMessage& message);

 private:
  bool is_wanted(const PhaseMessage& message) const;

  std::string side_;
  Secret key_;
  bool has_version_ = false;
  std::uint32_t next_ = 0;
  std::map<std::uint32_t, Secret> early_;
  std::vector<PhaseMessage> held_;
};

}  // namespace countersign::transport::wormhole
