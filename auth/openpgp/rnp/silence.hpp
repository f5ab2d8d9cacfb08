// Keeps librnp off the terminal. For the engine's own files.
//
// Debian's librnp is built without NDEBUG: it explains every signature and key it dislikes on stderr, whatever
// RNP_LOG_CONSOLE and rnp_ffi_set_log_fd say (0.16.3, measured: 57,000 lines for 20,000 damaged certificates). A
// stranger could so fill the journal, with words of their own. glibc lets a process replace `stderr` (glibc manual,
// "Standard Streams"): what the C library writes there goes on to descriptor 2, except from a thread inside a Silence.
//
// An Ffi is made inside one. librnp keeps the stderr that it finds then, and closes it with the Ffi where stderr is
// another by that time: descriptor 2 would be closed, and be the next connection's.
#pragma once

namespace countersign::auth::openpgp::rnp {

// May be nested; belongs to the thread that made it.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

}  // namespace countersign::auth::openpgp::rnp
