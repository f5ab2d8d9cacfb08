#include "auth/base/bounded_work.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <system_error>

#include "storage/base/signals_blocked.hpp"
#include "storage/base/wiped_stack.hpp"

namespace countersign::auth {
namespace {

// On Linux each thread has a niceness of its own. Five steps leave it about a third of a core that is wanted for
// answering, and all of one that is not.
constexpr int kNicer = 5;

void lower_priority() {
  const int now = getpriority(PRIO_PROCESS, 0);
  // Failing costs others a little time and nothing else.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, std::min(now + kNicer, 19)));
}

// Out of memory, most of all: then there may be none to say it in.
Status failure_of(const std::exception& error, ErrorCode code) {
  try {
    return fail(code, error.what());
  } catch (const std::bad_alloc&) {
    return fail(code);
  }
}

}  // namespace

struct BoundedWork::Job {
  const std::function<void()>& work;
  std::optional<Status> outcome;
};

BoundedWork::~BoundedWork() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status BoundedWork::start_thread() {
  const SignalsBlocked blocked;
  try {
    threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error& error) {
    // Those that are there go on.
    if (threads_.empty()) return fail(limits_.failed, std::string("no thread to work on: ") + error.what());
  }
  return ok();
}

Status BoundedWork::run(const std::function<void()>& work) {
  Job job{work, std::nullopt};
  std::unique_lock lock(mutex_);
  if (counts_.running + jobs_.size() >= limits_.at_once + limits_.queue_max) {
    ++counts_.refused;
    return fail(limits_.busy, "too many are waiting");
  }
  const std::size_t idle = threads_.size() - counts_.running;
  if (idle <= jobs_.size() && threads_.size() < limits_.at_once) TRY(start_thread());
  jobs_.push_back(&job);
  work_.notify_one();
  done_.wait(lock, [&] { return job.outcome.has_value(); });
  return *std::move(job.outcome);
}

void BoundedWork::serve() {
  lower_priority();
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
    if (closed_) return;
    Job& job = *jobs_.front();
    jobs_.pop_front();
    ++counts_.running;
    ++counts_.begun;
    lock.unlock();
    Status outcome = ok();
    try {
      job.work();
    } catch (const std::exception& error) {
      outcome = failure_of(error, limits_.failed);
    }
    wipe_stack();  // of a password
    lock.lock();
    --counts_.running;
    job.outcome = std::move(outcome);
    done_.notify_all();
  }
}

WorkCounts BoundedWork::counts() const {
  const std::lock_guard lock(mutex_);
  WorkCounts now = counts_;
  now.waiting = jobs_.size();
  return now;
}

}  // namespace countersign::auth
