#include "storage/flock_within.hpp"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace countersign::storage {

using std::chrono::milliseconds;

bool flock_within(int fd, int operation, milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (milliseconds pause{0}; ::flock(fd, operation | LOCK_NB) != 0;
       pause = std::min(pause + milliseconds(1), milliseconds(10))) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace countersign::storage
