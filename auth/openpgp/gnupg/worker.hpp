// A GnuPG worker: a small process that does one thing at a time for the server, by running gpg. It holds nothing of the
// server's memory, so that what a fork costs does not follow the server's size, and its end loses one request.
#pragma once

namespace countersign::auth::openpgp::gnupg {

// The hidden command under which the program is a worker.
inline constexpr const char* kWorkerCommand = "gnupg-worker";
// Where it finds its socket.
inline constexpr int kWorkerSocket = 3;

// Answers requests until the server's end of the socket closes; the exit code. 2 where there is no such socket: nobody
// starts this by hand.
int run_worker();

}  // namespace countersign::auth::openpgp::gnupg
