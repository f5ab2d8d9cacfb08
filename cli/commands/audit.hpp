// The record of every decision.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct AuditListOptions {
  std::string writer;  // empty: every writer
  std::int64_t limit = 100;
};
Status run_audit_list(const AuditListOptions& options, CommandContext& context);

struct AuditVerifyOptions {};
Status run_audit_verify(const AuditVerifyOptions& options, CommandContext& context);

}  // namespace countersign::cli
