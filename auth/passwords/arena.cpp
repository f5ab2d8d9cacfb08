#include "auth/passwords/arena.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace countersign::auth::passwords {

Arena::~Arena() {
  if (data_ != nullptr) munmap(data_, size_);
}

Status Arena::reserve(std::size_t size_bytes) {
  if (size_bytes <= size_) return ok();
  void* memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail(ErrorCode::hasher_failed, "no memory to hash in: " + std::generic_category().message(errno));
  }
  // What a hash leaves behind is wiped, and what it works on belongs in no core dump. Large pages save it time.
  madvise(memory, size_bytes, MADV_DONTDUMP);
  madvise(memory, size_bytes, MADV_HUGEPAGE);
  if (data_ != nullptr) munmap(data_, size_);
  data_ = static_cast<std::uint8_t*>(memory);
  size_ = size_bytes;
  return ok();
}

}  // namespace countersign::auth::passwords
