#include "auth/keys/withdrawals.hpp"

namespace countersign::auth::keys {
namespace {

constexpr int kNumbersTriedMax = 8;

}  // namespace

Result<std::int64_t> Withdrawals::last() {
  return records::last_withdrawal(context_.medium, context_.floor.revocations());
}

Result<std::vector<records::Withdrawal>> Withdrawals::list(std::int64_t after, std::size_t limit) {
  std::vector<records::Withdrawal> out;
  const std::int64_t end = TRY(last());
  for (std::int64_t number = after + 1; number <= end && out.size() < limit; ++number) {
    const std::string name = records::withdrawal_name(number);
    const auto entry = TRY(find_record(context_.medium, context_.seal, name));
    if (!entry) return fail(ErrorCode::chain_broken, name + " is missing");
    out.push_back(TRY(records::parse_withdrawal(entry->record)));
    if (out.back().number != number) return fail(ErrorCode::record_tampered, name + " has another number");
  }
  return out;
}

Status Withdrawals::append(const storage::Batch& batch, records::Withdrawal line, const records::AuditEntry& entry) {
  const std::lock_guard lock(mutex_);
  for (int tried = 0; tried < kNumbersTriedMax; ++tried) {
    line.number = TRY(last()) + 1;
    const std::string name = records::withdrawal_name(line.number);
    storage::Batch whole = batch;
    whole.require_absent(name);
    whole.put(name, context_.seal.close(name, write_withdrawal(line)));
    const Status committed = commit_urgently(context_, whole, entry);
    if (committed) {
      context_.floor.note_revocation(line.number);
      return ok();
    }
    if (committed.error().code != ErrorCode::conflict) return committed;
    // Another process took the number, or it was the batch's own precondition.
    if (TRY(last()) < line.number) return committed;
  }
  return fail(ErrorCode::busy, "the list of revocations is written by too many at once");
}

Result<records::Account> Withdrawals::commit(const storage::Batch& batch, const records::StoredAccount& over,
                                             records::Account changed, const Change& change,
                                             const records::AuditEntry& entry) {
  changed.epoch = over.account.epoch + 1;
  records::Withdrawal line;
  line.account = changed.id;
  line.fingerprint = change.fingerprint;
  line.epoch = changed.epoch;
  line.what = change.what;
  line.reason = change.reason;
  line.at = entry.at;
  storage::Batch whole = batch;
  context_.accounts.stage_change(whole, over, changed);
  TRY(append(whole, line, entry));
  return changed;
}

}  // namespace countersign::auth::keys
