// A call on its way: a request to a server or a command, and what came of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/endurance/machine.hpp"
#include "tests/endurance/tally.hpp"

namespace countersign::test {

struct Outcome {
  Answer answer = Answer::none;
  bool called = true;  // else nobody was there to be called, and nothing can have happened
  std::string body;    // where it was accepted
  std::string word;    // the status, for people
};

// Any thread. An answer of a kind that no call has is a violation, and so is none in two minutes.
class Exchange {
 public:
  Exchange(const Machine& machine, Tally& tally) : machine_(machine), tally_(tally) {}

  Outcome ask(std::size_t server, const std::string& request, int success) const;
  Outcome run(const std::vector<std::string>& arguments, std::string_view input) const;

 private:
  const Machine& machine_;
  Tally& tally_;
};

}  // namespace countersign::test
