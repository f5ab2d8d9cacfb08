// Looking for decisions: of all writers in the order of time, by account, by decision, from a time on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/records/audit.hpp"

namespace countersign::auth::records {

struct AuditQuery {
  std::string writer;                         // empty: every one
  std::int64_t before = 0;                    // with a writer: below this number; 0: all
  std::map<std::string, std::int64_t> after;  // by writer: above this number
  std::optional<Instant> since;
  std::string account;   // empty: any
  std::string decision;  // empty: any
  std::size_t limit = 100;
};

// One that cannot be read; what it decided, and whether it was asked for, nobody knows.
struct DamagedRecord {
  std::string writer;
  std::int64_t number = 0;
  ErrorCode error{};
};

struct AuditFound {
  std::vector<AuditRecord> records;           // oldest first
  std::vector<DamagedRecord> damaged;         // among those that were read, kDamagedShownMax at most
  std::map<std::string, std::int64_t> heads;  // the last number of each chain that was looked into, to go on after
};

inline constexpr std::size_t kDamagedShownMax = 100;

// The newest ones that fit, at most `limit`. A chain keeps its own order also where its times go back. What is read is
// bounded by `since` and `after`, else by the length of the chains; what is kept by `limit` for each writer.
// A damaged record hides none of the others. chain_broken, storage_unavailable; record_* of a chain's beginning or end.
Result<AuditFound> search_audit(Audit& audit, const AuditQuery& query, const Progress& progress);

}  // namespace countersign::auth::records
