// A lock on an open file that is waited for, but not for ever.
#pragma once

#include <chrono>

namespace countersign::storage {

// flock(2) with LOCK_SH or LOCK_EX, tried anew until `patience` is over: a blocking flock has no deadline, and one
// stopped process would stop every other. False with the reason in errno, EWOULDBLOCK where somebody has it still.
bool flock_within(int fd, int operation, std::chrono::milliseconds patience);

}  // namespace countersign::storage
