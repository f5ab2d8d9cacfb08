#include "cli/commands/audit.hpp"

namespace countersign::cli {

Status run_audit_list(const AuditListOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

Status run_audit_verify(const AuditVerifyOptions&, CommandContext&) {
  return fail(ErrorCode::failed, "not built yet");
}

}  // namespace countersign::cli
