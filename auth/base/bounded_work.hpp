// Work that is meant to cost, and that a stranger may ask for: a bounded amount of it at once.
//
// Threads of its own do it, at a lower priority than whoever answers requests: a session check never waits for a core
// behind it. They start with the first work, so that a process which has none pays nothing. Who asks waits. At most
// `at_once + queue_max` callers wait at any time; so many threads of the caller's, and no more, can be kept by it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/base/result.hpp"

namespace countersign::auth {

struct WorkLimits {
  std::size_t at_once = 1;
  std::size_t queue_max = 0;
  ErrorCode busy = ErrorCode::busy;      // the queue is full
  ErrorCode failed = ErrorCode::failed;  // no thread, or the work threw
};

// Since the start, and now.
struct WorkCounts {
  std::uint64_t begun = 0;
  std::uint64_t refused = 0;
  std::size_t running = 0;
  std::size_t waiting = 0;
};

// Any thread.
class BoundedWork {
 public:
  explicit BoundedWork(const WorkLimits& limits) : limits_(limits) {}
  BoundedWork(const BoundedWork&) = delete;
  BoundedWork& operator=(const BoundedWork&) = delete;
  // Nobody may still be waiting.
  ~BoundedWork();

  // Does it, first come, first served, and returns when it is done. The limits' `busy` at once where the queue is
  // full, and `failed`: then nothing was done, or the work threw, out of memory most of all.
  Status run(const std::function<void()>& work);
  WorkCounts counts() const;

 private:
  struct Job;
  Status start_thread();
  void serve();

  const WorkLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Job*> jobs_;  // on the stacks of those who wait
  std::vector<std::thread> threads_;
  WorkCounts counts_;
  bool closed_ = false;
};

}  // namespace countersign::auth
