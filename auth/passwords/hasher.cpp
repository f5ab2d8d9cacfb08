#include "auth/passwords/hasher.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <new>
#include <optional>
#include <system_error>

#include "storage/base/signals_blocked.hpp"

namespace countersign::auth {
namespace {

// On Linux each thread has a niceness of its own. Five steps leave a hash about a third of a core that is wanted for
// answering, and all of one that is not.
constexpr int kNicer = 5;

void lower_priority() {
  const int now = getpriority(PRIO_PROCESS, 0);
  // Failing costs others a little time and nothing else.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, std::min(now + kNicer, 19)));
}

}  // namespace

struct Hasher::Job {
  const HashRequest* request = nullptr;
  std::optional<Result<Secret>> outcome;
};

std::size_t hashes_at_once() {
  return std::max(1u, std::thread::hardware_concurrency());
}

Hasher::Hasher(HasherSettings settings)
    : settings_(std::move(settings)), at_once_(settings_.at_once == 0 ? hashes_at_once() : settings_.at_once) {}

Hasher::~Hasher() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status Hasher::start_thread() {
  const SignalsBlocked blocked;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    // Those that are there go on.
    if (threads_.empty()) return fail(ErrorCode::hasher_failed, std::string("no thread to hash on: ") + error.what());
  }
  return ok();
}

Result<Secret> Hasher::hash(const HashRequest& request) {
  Job job;
  job.request = &request;
  std::unique_lock lock(mutex_);
  if (counts_.running + jobs_.size() >= at_once_ + settings_.queue_max) {
    ++counts_.refused;
    return fail(ErrorCode::hasher_busy, "too many password hashes are waiting");
  }
  const std::size_t idle = threads_.size() - counts_.running;
  if (idle <= jobs_.size() && threads_.size() < at_once_) TRY(start_thread());
  jobs_.push_back(&job);
  work_.notify_one();
  done_.wait(lock, [&] { return job.outcome.has_value(); });
  return *std::move(job.outcome);
}

void Hasher::work() {
  lower_priority();
  Arena arena;
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
    if (closed_) return;
    Job& job = *jobs_.front();
    jobs_.pop_front();
    ++counts_.running;
    ++counts_.begun;
    lock.unlock();
    std::optional<Result<Secret>> outcome;
    try {
      outcome = settings_.compute(*job.request, arena);
    } catch (const std::bad_alloc&) {
      outcome = fail(ErrorCode::hasher_failed, "out of memory");
    }
    lock.lock();
    --counts_.running;
    job.outcome = std::move(outcome);
    done_.notify_all();
  }
}

HasherCounts Hasher::counts() const {
  const std::lock_guard lock(mutex_);
  HasherCounts now = counts_;
  now.waiting = jobs_.size();
  return now;
}

}  // namespace countersign::auth
