#include "storage/base/wiped_stack.hpp"

#include <string.h>

#include <array>

namespace countersign {
namespace {

constexpr std::size_t kBytes = 32u << 10;

}  // namespace

// Never inlined: its buffer has to lie where the calls before it had theirs.
__attribute__((noinline)) void wipe_stack() noexcept {
  std::array<char, kBytes> dead;
  explicit_bzero(dead.data(), dead.size());
}

}  // namespace countersign
