// Session files: what a person types and what they see, as a test.
//
//   # a comment
//   $ countersign sesion
//   ! countersign: the command cannot be run as it was given [usage]
//   ! ...
//   = 2
//
// `$` is a command for sh, `!` a line of stderr, `=` the exit code where it is not 0, and every other line is stdout.
// "..." stands for any text in a line, and alone for any number of lines. Blank lines at the end of a command's output
// are not compared. The commands of a file share a folder, which is HOME and the current one and goes away at the end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"

namespace countersign::test {

struct SessionStep {
  std::size_t line = 0;
  std::string command;
  std::vector<std::string> out;
  std::vector<std::string> err;
  int exit_code = 0;
};

// malformed_message for a file without a command, or with output before the first one.
Result<std::vector<SessionStep>> parse_session(std::string_view text);

// Does the pattern, with its "...", fit all of the lines?
bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& lines);

// Runs the steps in order and returns what was not as expected, as text for people; empty where everything was.
std::string run_session(const std::vector<SessionStep>& steps);

}  // namespace countersign::test
