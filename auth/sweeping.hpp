// Sweeping away what has expired: sessions, consumed challenges, held enrolments. Page by page, so that a large store
// never stops the server; whatever is refused by its own rules already may wait.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "auth/context.hpp"

namespace countersign::auth {

struct Swept {
  std::size_t looked_at = 0;
  std::size_t erased = 0;
  bool went_round = false;  // the end was reached; the next page begins anew
};

// One thread.
class Sweeper {
 public:
  explicit Sweeper(const Context& context) : context_(context) {}

  // Looks at `page` names at most and erases what is dead; nothing while the clock is ahead. storage_unavailable.
  Result<Swept> sweep(std::size_t page);

 private:
  Result<bool> sweep_one(const std::string& name, const Moment& moment);
  Result<bool> sweep_session(const std::string& name, const Moment& moment);
  Result<bool> sweep_consumed(const std::string& name, const Moment& moment);
  Result<bool> sweep_held(const std::string& name, const Moment& moment);

  const Context& context_;
  std::size_t folder_ = 0;
  std::string after_;
};

}  // namespace countersign::auth
