// A planted fault: a fuzz run that does not report it does not work.
#include <cstddef>
#include <cstdint>

#include "tests/support/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const bool cage_is_open = size_bytes >= 3 && data[0] == 'c' && data[1] == 'a' && data[2] == 'n';
  if (cage_is_open) std::fputs("the canary sings\n", stderr);
  FUZZ_CHECK(!cage_is_open);
  return 0;
}
