#include "storage/write_all.hpp"

#include <unistd.h>

#include <cerrno>

namespace countersign::storage {

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    // Nothing written without a reason given: some device took no more.
    if (put == 0) errno = ENOSPC;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace countersign::storage
