// The workers of one engine: borrowed by a thread for one request, restarted when they end or hang.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "auth/openpgp/gnupg/run_folder.hpp"
#include "auth/openpgp/gnupg/worker_messages.hpp"
#include "auth/openpgp/gnupg/worker_process.hpp"

namespace countersign::auth::openpgp::gnupg {

struct PoolOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // that make the program a worker
  std::size_t workers = 1;
  std::chrono::milliseconds start_limit{10'000};
  // How long a request waits for a worker that is free.
  std::chrono::milliseconds queue_limit{5'000};
};

// Any thread at any time.
//
// A worker that ends while it holds a request loses that request, and no other; since no operation changes anything,
// the request is then asked once more of a new worker. One that hangs, or answers what is no answer, is killed with
// everything it started, and its request fails with openpgp_unavailable.
class WorkerPool {
 public:
  // What each worker is told first, but for its folder.
  WorkerPool(PoolOptions options, RunFolder folder, PrepareRequest prepare);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Starts all of them; gives what they answered. Before anything else is asked, by one thread. openpgp_unavailable,
  // certificate_refused.
  Result<CertificateReply> start();

  // openpgp_unavailable; what the worker failed with.
  Result<Reply> ask(const Request& request, std::chrono::milliseconds limit);

  // For tests: the processes that live.
  std::vector<pid_t> pids() const;
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  struct Slot {
    std::filesystem::path folder;  // of the worker that runs or ran last
    std::optional<WorkerProcess> process;
    bool busy = false;
  };
  class Loan;

  Result<Reply> ask_in_frame(ByteView frame, std::chrono::milliseconds limit);
  Slot* borrow();
  void give_back(Slot& slot);
  Result<Reply> start_in(Slot& slot);
  void end_in(Slot& slot);
  // The fault where there is no reply.
  ChannelResult<ReceivedFrame> exchange(Slot& slot, ByteView frame, std::chrono::milliseconds limit);

  const PoolOptions options_;
  const RunFolder folder_;
  PrepareRequest prepare_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<Slot> slots_;
  unsigned started_ = 0;
};

}  // namespace countersign::auth::openpgp::gnupg
