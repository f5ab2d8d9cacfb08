// The record of every decision that changed something. It is written in the batch it speaks of: what happened is on
// record, and what is on record happened.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "auth/audit/audit_record.hpp"
#include "auth/secrets/floor.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth {

struct AuditReport {
  std::int64_t records = 0;
  std::vector<std::string> faults;  // empty: every chain holds
};

// Any thread. A writer is persistent (a server's instance name; `cli`), so several servers never queue for one chain.
class Audit {
 public:
  Audit(storage::Medium& medium, const RecordSeal& seal, Floor& floor, std::string writer);

  // Commits the batch with the entry chained to it. Number and previous hash are given under this writer's lock. Fails
  // as Medium::commit does; `conflict` speaks of the batch's own preconditions, since another process that took the
  // number is waited out.
  Status commit(const storage::Batch& batch, const AuditEntry& entry);

  // Of all writers or of one (empty: all), oldest first within a writer, at most `limit` newest of each.
  Result<std::vector<AuditRecord>> list(std::string_view writer, std::size_t limit);
  // Walks every chain: MAC, number, previous hash, and the head that the floor remembers. What does not hold is a fault
  // of the report, not an error. `progress` is called now and then with the records seen so far.
  Result<AuditReport> verify(const std::function<void(std::int64_t)>& progress);

 private:
  Result<ChainHead> read_head(const std::string& writer);
  Result<std::vector<std::string>> writers();
  Status verify_chain(const std::string& writer, AuditReport& report,
                      const std::function<void(std::int64_t)>& progress);

  storage::Medium& medium_;
  const RecordSeal& seal_;
  Floor& floor_;
  const std::string writer_;
  std::mutex mutex_;
  std::optional<ChainHead> head_;  // unknown at first and after a failed commit
};

}  // namespace countersign::auth
