// The record of every decision.
#include "cli/commands/all.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct AuditListOptions {
  std::string writer;  // empty: every writer
  std::int64_t limit = 100;
  std::int64_t before = 0;  // 0: of all

  Arguments arguments() {
    return {
        {"--writer", &writer, "Of this writer only"},
        Argument("--limit", &limit, "The newest so many of each writer (100)").at_most(10000),
        Argument("--before", &before, "Of --writer, those before this number").needs("--writer"),
    };
  }
};

Status run_audit_list(const AuditListOptions& options, CommandContext& context) {
  return run_local(
      context, "audit.list",
      Json::object().set("writer", options.writer).set("before", options.before).set("limit", options.limit));
}

Status run_audit_verify(CommandContext& context) {
  const Json report = TRY(ask_counting(context, "audit.verify", Json::object()));
  context.terminal.answer(report);
  const Json* intact = report.find("intact");
  if (intact != nullptr && intact->boolean() != nullptr && *intact->boolean()) return ok();
  return fail(ErrorCode::chain_broken, "see the faults above");
}

}  // namespace

Command audit_command() {
  return group("audit", "The record of every decision",
               {
                   command("list", "List decisions", "countersign audit list --limit 20", run_audit_list),
                   command("verify", "Check that no decision was changed or taken out", "countersign audit verify",
                           run_audit_verify),
               });
}

}  // namespace countersign::cli::commands
