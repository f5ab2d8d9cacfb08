#include "cli/commands/audit.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_audit_list(const AuditListOptions& options, CommandContext& context) {
  return run_local(context, "audit.list", Json::object().set("writer", options.writer).set("limit", options.limit));
}

Status run_audit_verify(const AuditVerifyOptions&, CommandContext& context) {
  const Json report = TRY(ask_counting(context, "audit.verify", Json::object()));
  context.terminal.answer(report);
  const Json* intact = report.find("intact");
  if (intact != nullptr && intact->boolean() != nullptr && *intact->boolean()) return ok();
  return fail(ErrorCode::chain_broken, "see the faults above");
}

}  // namespace countersign::cli
