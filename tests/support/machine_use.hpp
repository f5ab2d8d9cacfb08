// What a server has of the machine, from /proc (proc(5)): its own and that of the processes it started.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace countersign::test {

struct MachineUse {
  double processor_ms = 0;  // in user and system mode; of children that ended, too
  std::int64_t rss_kib = 0;
  std::int64_t pss_kib = 0;       // RSS with shared pages divided among their users; 0 where it may not be read
  std::int64_t peak_rss_kib = 0;  // of the process itself, since it began
  std::size_t descriptors = 0;
  std::size_t threads = 0;  // 0 where there is no such process
};

MachineUse use_of(pid_t process);

}  // namespace countersign::test
