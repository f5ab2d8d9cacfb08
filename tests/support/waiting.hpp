// For what another process or thread brings about: waiting until it is so.
#pragma once

#include <chrono>
#include <thread>

namespace countersign::test {

// False after a minute, which is far off, for machines are slow.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (int tries = 0; tries < 3000; ++tries) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace countersign::test
