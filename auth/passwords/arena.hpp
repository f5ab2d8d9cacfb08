// The working memory of one hash at a time, taken from the system once and used again. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/base/result.hpp"

namespace countersign::auth::passwords {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // At least so much; what was there is gone where it has to grow. hasher_failed where there is no memory: then there
  // is no less than before.
  Status reserve(std::size_t size_bytes);
  std::span<std::uint8_t> bytes() { return {data_, size_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace countersign::auth::passwords
