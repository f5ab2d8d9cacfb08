// Eight threads that do what a seed draws, on servers over one store: in turns, or as the machine lets them.
#pragma once

#include "tests/support/account_stage.hpp"
#include "tests/support/flawed_medium.hpp"
#include "tests/support/turns.hpp"

namespace countersign::test {

inline constexpr std::size_t kThreads = 8;
inline constexpr std::size_t kCallsEach = 5;

// Something that could happen now, to one account more than to the other.
Call draw(AccountStage& stage, std::mt19937_64& random);

class EightThreads {
 public:
  // With a server each they take turns, and the same setting and seed are the same history. With fewer, several use one
  // server at a time, and no two runs are the same.
  EightThreads(storage::Medium& store, Flaw flaw, std::size_t servers = kThreads);

  AccountStage::Judged run(Setting setting, std::uint64_t seed);

 private:
  AccountStage stage_;
  FlawedMedium flawed_;
  const std::size_t servers_;
  std::map<Setting, Scene> scenes_;
};

}  // namespace countersign::test
