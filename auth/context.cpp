#include "auth/context.hpp"

#include "auth/base/log.hpp"

namespace countersign::auth {

Status commit_urgently(const Context& context, const storage::Batch& batch, const records::AuditEntry& entry) {
  Status committed = context.audit.commit(batch, entry);
  if (committed || committed.error().code != ErrorCode::storage_unavailable || !context.ballast.release()) {
    return committed;
  }
  log_event(LogLevel::alarm, "ballast released", {{"detail", committed.error().detail}});
  return context.audit.commit(batch, entry);
}

}  // namespace countersign::auth
