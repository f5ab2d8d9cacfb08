// Reading a body of fixed and counted fields, off its front. Integers are big-endian.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/base/bytes.hpp"

namespace countersign::auth::records {

// Asking for more than there is leaves it failed and gives zeros.
class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}
  ByteView take(std::size_t count) {
    static constexpr std::array<std::uint8_t, 64> kZeros{};
    if (count > rest_.size()) {
      failed_ = true;
      return ByteView(kZeros).first(std::min(count, kZeros.size()));
    }
    const ByteView out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  std::uint64_t integer(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(width)) value = (value << 8) | byte;
    return value;
  }
  // Takes that byte where it comes next.
  bool take_if(std::uint8_t byte) {
    if (rest_.empty() || rest_.front() != byte) return false;
    take(1);
    return true;
  }
  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool failed_ = false;
};

}  // namespace countersign::auth::records
