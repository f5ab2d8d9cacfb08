// Hashes passwords, a bounded number at once: whoever may ask for a hash is a stranger, and a hash is meant to cost.
//
// Threads of its own hash, each with an arena that it keeps, and at a lower priority than whoever answers requests: a
// session check never waits for a core behind a hash. They start with the first hash, so that a process which hashes
// nothing pays nothing. Who asks waits. At most `at_once + queue_max` callers wait at any time; so many threads of the
// caller's, and no more, can be kept by passwords.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "auth/passwords/argon2id.hpp"

namespace countersign::auth {

struct HasherSettings {
  std::size_t at_once = 0;  // 0: as many as there are cores
  std::size_t queue_max = 16;
  // What hashes; another in tests, which hold it back or let it fail.
  std::function<Result<Secret>(const HashRequest&, Arena&)> compute = compute_argon2id;
};

// Since the start, and now.
struct HasherCounts {
  std::uint64_t begun = 0;
  std::uint64_t refused = 0;
  std::size_t running = 0;
  std::size_t waiting = 0;
};

// How many hashes at once `at_once = 0` means on this machine.
std::size_t hashes_at_once();

// Any thread.
class Hasher {
 public:
  explicit Hasher(HasherSettings settings);
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  // Nobody may still be waiting.
  ~Hasher();

  // The tag, first come, first served. hasher_busy at once where the queue is full; hasher_failed (memory, threads):
  // nothing was found out about the password then.
  Result<Secret> hash(const HashRequest& request);
  HasherCounts counts() const;

 private:
  struct Job;
  Status start_thread();
  void work();

  const HasherSettings settings_;
  const std::size_t at_once_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Job*> jobs_;  // on the stacks of those who wait
  std::vector<std::thread> threads_;
  HasherCounts counts_;
  bool closed_ = false;
};

}  // namespace countersign::auth
