// For a thread that goes on after work that may have held a secret.
#pragma once

namespace countersign {

// Overwrites what calls that have returned left on this thread's stack, below the caller's frame: a short text lies in
// its string, and libraries read into buffers there.
void wipe_stack() noexcept;

}  // namespace countersign
