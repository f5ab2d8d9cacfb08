// Which time a decision is judged by, when the wall clock cannot be trusted blindly (S47).
//
// The latest time seen is kept on the medium (`server/clock`), coarsely. Expiry is judged by the larger of it and the
// clock, so that setting the clock back lengthens no life. After a backward jump of over 60 s nothing is extended. A
// forward jump of over an hour against the monotonic clock is not recorded, and nothing is swept away by it, so that
// one wrong second does not end everybody's sessions for good or forget which challenges were redeemed. A stored time
// ahead of the clock makes the server not ready until an administrator accepts the clock.
#pragma once

#include <mutex>
#include <optional>

#include "auth/base/clock.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth {

inline constexpr Seconds kBackwardJumpMax{60};
inline constexpr std::chrono::hours kForwardJumpMax{1};

// Taken once, at the start of an operation.
struct Moment {
  Instant wall{};       // what is written down as the time of an event
  Instant judged{};     // what expiry is judged by
  bool behind = false;  // the clock is more than 60 s behind the latest time seen: extend nothing
  bool ahead = false;   // the clock jumped over an hour ahead: whatever it says has expired may not be erased for good
};

// Any thread.
class Timekeeper {
 public:
  // `save_every`: how far the latest time must have moved before it is written again.
  Timekeeper(const Clock& clock, storage::Medium& medium, const secrets::RecordSeal& seal, Seconds save_every);

  // Reads what was stored. Call it before the first now().
  Status load();
  Moment now();
  // Looks at the clock, reads what others stored or an administrator accepted, and stores the latest time if it moved
  // far enough: for the server's own timer.
  Status save_if_due();
  // Shows by a write, one in `every` at most, whether the medium takes any. The stored time stays as it is: a command
  // that only looks may have a wrong clock, and must not move everybody's.
  Status probe(Seconds every);
  // The administrator says that the clock is right: the latest time seen becomes the clock's.
  Status accept_clock();
  // ok, or clock_behind.
  Status judge_clock();

 private:
  struct Stored {
    Instant latest{};
    std::int64_t accepted = 0;  // how often a clock was accepted
  };
  Result<std::optional<std::pair<Stored, storage::Version>>> read();
  Status write(const Stored& stored, const std::optional<storage::Version>& over);
  void adopt(const Stored& stored);

  const Clock& clock_;
  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  const Seconds save_every_;
  std::mutex mutex_;
  Stored stored_;     // as last read or written
  Instant latest_{};  // the latest time seen
  Instant last_wall_{};
  std::chrono::milliseconds last_monotonic_{};
  std::optional<std::chrono::milliseconds> probed_;
};

}  // namespace countersign::auth
