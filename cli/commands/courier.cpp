#include "cli/commands/courier.hpp"

namespace countersign::cli {

Status run_courier_export(const CourierExportOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_courier_import(const CourierImportOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
