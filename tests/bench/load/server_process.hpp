// What the server's process uses, from /proc (proc(5)): its own and that of the processes it started.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace countersign::bench {

struct ProcessUse {
  double processor_ms = 0;  // in user and system mode; of children that ended, too
  std::int64_t rss_kib = 0;
  std::int64_t pss_kib = 0;  // RSS with shared pages divided among their users; 0 where it may not be read
};

// Throws std::runtime_error where there is no such process.
ProcessUse use_of(pid_t process);

}  // namespace countersign::bench
