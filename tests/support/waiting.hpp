// For what another process or thread brings about: waiting until it is so.
#pragma once

#include <chrono>
#include <stdexcept>
#include <thread>

namespace countersign::test {

// False after a minute, which is far off, for machines are slow.
template <class Condition>
bool comes_true(const Condition& condition) {
  for (int tries = 0; tries < 12'000; ++tries) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// The same where a test cannot go on without it.
template <class Condition>
void wait_until(const Condition& condition) {
  if (!comes_true(condition)) throw std::runtime_error("it never came to be");
}

}  // namespace countersign::test
