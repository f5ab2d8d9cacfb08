#include "cli/commands/courier_sign.hpp"

namespace countersign::cli {

Status run_courier_sign(const CourierSignOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
