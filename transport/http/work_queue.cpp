#include "transport/http/work_queue.hpp"

namespace countersign::transport::http {

bool WorkQueue::push(Work& work) {
  {
    const std::lock_guard lock(mutex_);
    std::deque<Numbered>& lane = work.quick ? quick_ : slow_;
    if (closed_ || lane.size() >= lane_max_) return false;
    lane.push_back({next_number_++, std::move(work)});
  }
  ready_.notify_one();
  return true;
}

std::deque<WorkQueue::Numbered>* WorkQueue::eligible() {
  const bool slow = !slow_.empty() && slow_running_ < slow_max_;
  if (quick_.empty()) return slow ? &slow_ : nullptr;
  return slow && slow_.front().number < quick_.front().number ? &slow_ : &quick_;
}

std::optional<Work> WorkQueue::pop() {
  std::unique_lock lock(mutex_);
  std::deque<Numbered>* lane = nullptr;
  ready_.wait(lock, [&] { return closed_ || (lane = eligible()) != nullptr; });
  if (closed_) return std::nullopt;
  Work work = std::move(lane->front().work);
  lane->pop_front();
  if (!work.quick) ++slow_running_;
  return work;
}

void WorkQueue::done(bool quick) {
  if (quick) return;
  {
    const std::lock_guard lock(mutex_);
    --slow_running_;
  }
  ready_.notify_one();  // one that had to wait for this
}

void WorkQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    quick_.clear();
    slow_.clear();
  }
  ready_.notify_all();
}

}  // namespace countersign::transport::http
