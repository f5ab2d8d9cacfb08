// What a command's exit status says. Scripts rely on the numbers.
#pragma once

#include "storage/base/error.hpp"

namespace countersign::cli {

enum class ExitCode : int {
  ok = 0,
  failed = 1,
  malformed = 2,
  not_found = 3,
  denied = 4,
  conflict = 5,
  slow_down = 6,
  unavailable = 7,
  integrity = 8,
  warned = 9,  // done, and something wants to be looked after; only `status` says so
};

ExitCode exit_code_of(ErrorCode code);

}  // namespace countersign::cli
