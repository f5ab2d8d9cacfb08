#include "auth/base/log_writer.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/signals_blocked.hpp"

namespace countersign::auth {
namespace {

constexpr std::chrono::seconds kEndWait{1};

}  // namespace

// The thread holds it too, and may outlive the writer.
class LogWriter::Queue {
 public:
  Queue(Write write, DroppedLine dropped_line) : write_(std::move(write)), dropped_line_(std::move(dropped_line)) {}

  void add(std::string line) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_bytes_ + line.size() > kBytesMax) {
        ++dropped_;
        ++lost_;
        return;
      }
      waiting_bytes_ += line.size();
      waiting_.push_back(std::move(line));
    }
    more_.notify_one();
  }

  void end() {
    std::unique_lock lock(mutex_);
    ending_ = true;
    more_.notify_one();
    ended_changed_.wait_for(lock, kEndWait, [this] { return ended_; });
  }

  std::uint64_t lost() const { return lost_; }

  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) {
        ended_ = true;
        ended_changed_.notify_one();
        return;
      }
      const std::vector<std::string> lines = std::exchange(waiting_, {});
      waiting_bytes_ = 0;
      const std::uint64_t dropped_behind = std::exchange(dropped_, 0);
      lock.unlock();
      for (const std::string& line : lines) {
        if (write_(line)) continue;
        ++unsaid_;
        ++lost_;
      }
      unsaid_ += dropped_behind;
      if (unsaid_ != 0 && write_(dropped_line_(unsaid_))) unsaid_ = 0;
    }
  }

 private:
  const Write write_;
  const DroppedLine dropped_line_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::condition_variable ended_changed_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t dropped_ = 0;  // since the thread last took what waits, so all of them behind it
  bool ending_ = false;
  bool ended_ = false;
  std::uint64_t unsaid_ = 0;  // the thread's own
  std::atomic<std::uint64_t> lost_{0};
};

LogWriter::LogWriter(Write write, DroppedLine dropped_line)
    : queue_(std::make_shared<Queue>(std::move(write), std::move(dropped_line))) {
  const SignalsBlocked blocked;
  std::thread([queue = queue_] { queue->run(); }).detach();
}

LogWriter::~LogWriter() {
  queue_->end();
}

void LogWriter::add(std::string line) {
  queue_->add(std::move(line));
}

std::uint64_t LogWriter::dropped() const {
  return queue_->lost();
}

}  // namespace countersign::auth
