// Threads that take turns: one runs at a time, and at each call that it makes to its medium a seed decides who goes on.
// The same seed, the same history, on any machine.
//
// What runs must wait for nothing but its turn: each thread has an Authenticator of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <random>
#include <vector>

#include "storage/medium.hpp"

namespace countersign::test {

class Turns {
 public:
  Turns(std::size_t threads, std::uint64_t seed);

  // Until it is its turn; the first thing that a thread does.
  void await(std::size_t thread);
  // Somebody goes on, itself perhaps.
  void pass(std::size_t thread);
  // The last thing that it does.
  void leave(std::size_t thread);

 private:
  void choose();

  std::mutex mutex_;
  std::condition_variable turn_;
  std::mt19937_64 random_;
  std::vector<std::size_t> waiting_;  // who is still there
  std::size_t whose_ = 0;
};

class TurnMedium final : public storage::Medium {
 public:
  TurnMedium(storage::Medium& inner, std::size_t thread) : inner_(inner), thread_(thread) {}
  // From now on, or no longer; not while it is used.
  void follow(Turns* turns) { turns_ = turns; }

  Result<storage::Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  Status commit(const storage::Batch& batch) override;
  Result<storage::Mark> mark() override;

 private:
  void pass();

  storage::Medium& inner_;
  const std::size_t thread_;
  Turns* turns_ = nullptr;
};

}  // namespace countersign::test
