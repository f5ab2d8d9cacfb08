// The numbered list of what was taken away from accounts, and the commit that takes it.
//
// Whatever withdraws a key from an account (a revocation, a rotation, a deletion) or gives it back raises the account's
// epoch and adds a line to the list, in one batch with the change itself. The floor remembers the highest number beside
// the medium, and an export of the list, kept elsewhere, can be applied to a store that is older than it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/records/withdrawal.hpp"

namespace countersign::auth::keys {

// Any thread.
class Withdrawals {
 public:
  explicit Withdrawals(const Context& context) : context_(context) {}

  // What is taken and why; account and time are the audit entry's, number and epoch are given here.
  struct Change {
    records::Withdrawn what = records::Withdrawn::revoked;
    Fingerprint fingerprint;
    std::string reason;
  };
  // Commits `batch` with the changed account record over `over`, its epoch raised, the list's next line and the audit
  // entry; on a disk that is full the ballast is given up for it. The account as it is now. conflict where the account
  // or another precondition of the batch has changed; storage_unavailable.
  Result<records::Account> commit(const storage::Batch& batch, const records::StoredAccount& over,
                                  records::Account changed, const Change& change, const records::AuditEntry& entry);

  // The list's next line as it is, number excepted, with `batch` and the audit entry. As commit().
  Status append(const storage::Batch& batch, records::Withdrawal line, const records::AuditEntry& entry);

  // Those after `after`, in their order, at most `limit`. chain_broken where one is missing.
  Result<std::vector<records::Withdrawal>> list(std::int64_t after, std::size_t limit);
  // 0 where there is none.
  Result<std::int64_t> last();

 private:
  const Context& context_;
  std::mutex mutex_;  // one number at a time
};

}  // namespace countersign::auth::keys
