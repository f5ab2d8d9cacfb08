#include "tests/endurance/memory_watch.hpp"

#include <algorithm>
#include <chrono>

#include "tests/support/machine_use.hpp"

namespace countersign::test {

MemoryWatch::MemoryWatch(pid_t process)
    : thread_([this, process] {
        while (!stopped_) {
          rss_kib_max_ = std::max(rss_kib_max_.load(), use_of(process).rss_kib);
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
      }) {}

MemoryWatch::~MemoryWatch() {
  stopped_ = true;
  thread_.join();
}

}  // namespace countersign::test
