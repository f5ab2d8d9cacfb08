#include "auth/records/audit_search.hpp"

#include <algorithm>

#include "auth/records/damage.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::int64_t kReadAtOnce = 200;
// A chain's times may go back and forth, as the clock did. Behind so many older records in a row nothing newer is
// looked for.
constexpr int kOlderInARow = 1000;

bool is_asked_for(const AuditRecord& record, const AuditQuery& query) {
  return (!query.since || record.entry.at >= *query.since) &&
         (query.account.empty() || record.entry.account == query.account) &&
         (query.decision.empty() || record.decision == query.decision);
}

std::int64_t number_of(const std::map<std::string, std::int64_t>& numbers, const std::string& writer) {
  const auto found = numbers.find(writer);
  return found == numbers.end() ? 0 : found->second;
}

// Those that can be read of the `count` before that number, oldest first.
Result<std::vector<AuditRecord>> read_whole_ones(Audit& audit, const std::string& writer, std::int64_t before,
                                                 std::int64_t count, std::vector<DamagedRecord>& damaged) {
  auto all = audit.list(writer, before, static_cast<std::size_t>(count));
  if (all || !is_damage(all.error().code)) return all;
  std::vector<AuditRecord> whole;
  for (std::int64_t number = before - count; number < before; ++number) {
    auto one = audit.list(writer, number + 1, 1);
    if (one) {
      whole.insert(whole.end(), one->begin(), one->end());
    } else if (!is_damage(one.error().code)) {
      return one;
    } else if (damaged.size() < kDamagedShownMax) {
      damaged.push_back({writer, number, one.error().code});
    }
  }
  return whole;
}

// Of one chain, newest first.
Result<std::vector<AuditRecord>> newest_of(Audit& audit, const std::string& writer, std::int64_t head,
                                           const AuditQuery& query, std::vector<DamagedRecord>& damaged,
                                           const Progress& progress) {
  std::vector<AuditRecord> found;
  const std::int64_t lowest = std::max(TRY(audit.start_of(writer)).number, number_of(query.after, writer));
  std::int64_t next = query.before == 0 ? head + 1 : std::min(query.before, head + 1);
  std::int64_t seen = 0;
  int older = 0;
  while (next > lowest + 1) {
    const std::int64_t count = std::min(kReadAtOnce, next - 1 - lowest);
    const auto read = TRY(read_whole_ones(audit, writer, next, count, damaged));
    for (auto record = read.rbegin(); record != read.rend(); ++record) {
      tell_now_and_then(progress, ++seen);
      older = query.since && record->entry.at < *query.since ? older + 1 : 0;
      if (is_asked_for(*record, query)) found.push_back(*record);
      if (found.size() == query.limit || older == kOlderInARow) return found;
    }
    next -= count;
  }
  return found;
}

// Always the one whose next record is the older.
std::vector<AuditRecord> merged(std::vector<std::vector<AuditRecord>> chains) {
  std::vector<AuditRecord> records;
  while (true) {
    std::vector<AuditRecord>* oldest = nullptr;
    for (auto& chain : chains) {
      if (!chain.empty() && (oldest == nullptr || chain.back().entry.at < oldest->back().entry.at)) oldest = &chain;
    }
    if (oldest == nullptr) return records;
    records.push_back(std::move(oldest->back()));
    oldest->pop_back();
  }
}

}  // namespace

Result<AuditFound> search_audit(Audit& audit, const AuditQuery& query, const Progress& progress) {
  AuditFound found;
  if (query.writer.empty()) {
    for (const auto& [writer, head] : TRY(audit.heads())) found.heads[writer] = head.number;
  } else {
    found.heads[query.writer] = TRY(audit.head_of(query.writer)).number;
  }
  std::vector<std::vector<AuditRecord>> chains;
  for (const auto& [writer, head] : found.heads) {
    chains.push_back(TRY(newest_of(audit, writer, head, query, found.damaged, progress)));
  }
  found.records = merged(std::move(chains));
  const std::size_t surplus = found.records.size() - std::min(found.records.size(), query.limit);
  found.records.erase(found.records.begin(), found.records.begin() + static_cast<std::ptrdiff_t>(surplus));
  return found;
}

}  // namespace countersign::auth::records
