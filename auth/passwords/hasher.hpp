// Hashes passwords, a bounded number at once: whoever may ask for a hash is a stranger, and a hash is meant to cost
// (auth/base/bounded_work.hpp). Each thread that hashes keeps an arena.
#pragma once

#include <cstddef>
#include <functional>

#include "auth/base/bounded_work.hpp"
#include "auth/passwords/argon2id.hpp"

namespace countersign::auth::passwords {

struct HasherSettings {
  std::size_t at_once = 0;  // 0: as many as there are cores
  std::size_t queue_max = 16;
  // What hashes; another in tests, which hold it back or let it fail.
  std::function<Result<Secret>(const HashRequest&, Arena&)> compute = compute_argon2id;
};

// How many hashes at once `at_once = 0` means on this machine.
std::size_t hashes_at_once();

// Any thread.
class Hasher {
 public:
  explicit Hasher(HasherSettings settings);

  // The tag, first come, first served. hasher_busy at once where the queue is full; hasher_failed (memory, threads):
  // nothing was found out about the password then.
  Result<Secret> hash(const HashRequest& request);
  WorkCounts counts() const { return work_.counts(); }

 private:
  const HasherSettings settings_;
  BoundedWork work_;
};

}  // namespace countersign::auth::passwords
