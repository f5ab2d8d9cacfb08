// The most memory that a server and the processes it started ever had.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <thread>

namespace countersign::test {

// Looks at the memory ten times a second, from when it is made.
class MemoryWatch {
 public:
  explicit MemoryWatch(pid_t process);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // The most that was seen.
  std::int64_t rss_kib_max() const { return rss_kib_max_; }

 private:
  std::atomic<std::int64_t> rss_kib_max_{0};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace countersign::test
