// The administrator, who looks after the store beside the servers: by commands, some of which are stopped or killed.
#pragma once

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "tests/endurance/machine.hpp"
#include "tests/endurance/tally.hpp"

namespace countersign::test {

// One thread.
class Operator {
 public:
  Operator(Machine& machine, Tally& tally, std::uint64_t seed);

  // One command.
  void act();
  // With no fault about: the record and the store are whole. How many audit records were verified.
  std::int64_t verify();

 private:
  struct Visitor {
    std::string username;
    AccountBeliefs beliefs;
  };

  // Adds an account by a command that is stopped for a while, or killed, at a time of its own.
  void disturb_command();
  void look_at_visitors();
  void back_up();
  // Unavailable is an answer while there are faults; whatever else is not 0 is a violation.
  ProgramRun must_not_fail(const std::vector<std::string>& arguments);

  Machine& machine_;
  Tally& tally_;
  std::mt19937_64 random_;
  std::vector<Visitor> visitors_;
};

}  // namespace countersign::test
