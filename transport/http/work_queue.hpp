// Whole requests on their way to a worker: bounded, in two lanes.
//
// What takes a signature or a password may keep no more than some of the workers, so that session checks never wait
// behind it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "transport/http/answerer.hpp"

namespace countersign::transport::http {

struct Work {
  std::uint64_t connection = 0;
  int socket = -1;  // open until the outcome was taken
  bool quick = true;
  Request request;
  Address peer;
  SteadyTime arrived;
};

// Any thread at any time.
class WorkQueue {
 public:
  // `lane_max` requests wait in each lane; at most `slow_max` that are not quick are worked on at once.
  WorkQueue(std::size_t lane_max, std::size_t slow_max) : lane_max_(lane_max), slow_max_(slow_max) {}

  // False when the lane is full or the queue closed; the work is then still the caller's.
  bool push(Work& work);
  // The oldest that may be worked on; waits for one. nullopt once closed.
  std::optional<Work> pop();
  // After each pop.
  void done(bool quick);
  // What still waits is dropped.
  void close();

 private:
  struct Numbered {
    std::uint64_t number;
    Work work;
  };
  std::deque<Numbered>* eligible();

  const std::size_t lane_max_;
  const std::size_t slow_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Numbered> quick_;
  std::deque<Numbered> slow_;
  std::uint64_t next_number_ = 0;
  std::size_t slow_running_ = 0;
  bool closed_ = false;
};

}  // namespace countersign::transport::http
