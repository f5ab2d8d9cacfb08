#include "storage/random_hex.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "storage/base/bytes.hpp"

namespace countersign::storage {

Result<std::string> random_hex(std::size_t digits) {
  Bytes random(digits / 2);
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return fail(ErrorCode::storage_unavailable, std::string("no random bytes: ") + std::strerror(errno));
  }
  return hex(random);
}

}  // namespace countersign::storage
