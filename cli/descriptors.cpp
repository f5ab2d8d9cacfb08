#include "cli/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>

namespace countersign::cli {
namespace {

// SQLite's connections and their logs, GnuPG's workers, locks, epoll sets, the standard ones.
constexpr std::size_t kKept = 128;
// Files that a worker has open while it answers.
constexpr std::size_t kKeptPerWorker = 4;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return FD_SETSIZE;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return static_cast<std::size_t>(raised.rlim_cur);
  return static_cast<std::size_t>(limit.rlim_cur);
}

void lower_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= FD_SETSIZE) return;
  limit.rlim_cur = FD_SETSIZE;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t connections_within(std::size_t descriptors, std::size_t workers, std::size_t asked_for) {
  // Where there are very few, connections have a quarter of them all the same.
  const std::size_t kept = std::min(kKept + kKeptPerWorker * workers, descriptors - descriptors / 4);
  return std::clamp<std::size_t>(descriptors - kept, 1, std::max<std::size_t>(1, asked_for));
}

void hold_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest number that is free is the one that is closed, as those below it are open by now.
    const int held = ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (held < 0) return;
  }
}

}  // namespace countersign::cli
