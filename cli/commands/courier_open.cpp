#include "cli/commands/courier_open.hpp"

namespace countersign::cli {

Status run_courier_open(const CourierOpenOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
