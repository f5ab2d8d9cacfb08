#include "cli/exit_code.hpp"

namespace countersign::cli {

ExitCode exit_code_of(ErrorCode code) {
  switch (face_of(code)) {
    case Face::malformed:
      return ExitCode::malformed;
    case Face::denied:
      return ExitCode::denied;
    case Face::conflict:
      return ExitCode::conflict;
    case Face::slow_down:
      return ExitCode::slow_down;
    case Face::unavailable:
      return ExitCode::unavailable;
    case Face::not_found:
      return ExitCode::not_found;
    case Face::integrity:
      return ExitCode::integrity;
    case Face::failed:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

}  // namespace countersign::cli
