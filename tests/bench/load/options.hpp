// The command line of the load program.
#pragma once

#include <string>

#include "tests/bench/load/load.hpp"

namespace countersign::bench {

struct Options {
  LoadSettings load;
  bool json = false;
  bool help = false;
};

// Throws std::invalid_argument, with a sentence for people.
Options options_of(int argc, char** argv);
std::string help_text();

}  // namespace countersign::bench
