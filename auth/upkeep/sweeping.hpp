// Sweeping away what has expired: sessions, consumed challenges, held enrolments. Page by page, so that a large store
// never stops the server; whatever is refused by its own rules already may wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "auth/context.hpp"

namespace countersign::auth::upkeep {

struct Swept {
  std::size_t looked_at = 0;
  std::size_t erased = 0;
  bool went_round = false;  // nothing more now: the end was reached, or the clock is ahead
};

// One thread.
class Sweeper {
 public:
  explicit Sweeper(const Context& context) : context_(context) {}

  // Looks at `page` names at most and erases what is dead, in one commit where nobody comes between; nothing while the
  // clock is ahead. storage_unavailable.
  Result<Swept> sweep(std::size_t page);
  // Page after page, one at least, until so much time is over or the end was reached: what comes in faster on a faster
  // machine is also swept faster there. As sweep().
  Result<Swept> sweep_for(std::chrono::milliseconds time, const Clock& clock, std::size_t page);

 private:
  // Stages the end of that record where its time has come, and whether it has.
  Result<bool> stage(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_session(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_consumed(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<bool> stage_held(storage::Batch& batch, const std::string& name, const Moment& moment);
  Result<std::size_t> erase_one_by_one(const std::vector<std::string>& names, const Moment& moment);

  const Context& context_;
  std::size_t folder_ = 0;
  std::string after_;
};

}  // namespace countersign::auth::upkeep
