// The numbered list of what was taken away from accounts, and the commit that takes it.
//
// Whatever withdraws a key from an account (a revocation, a rotation, a deletion) or gives it back raises the account's
// epoch and adds a line to the list, in one batch with the change itself. The floor remembers the highest number beside
// the medium, and an export of the list, kept elsewhere, can be applied to a store that is older than it.
//
// One line is the sealed record `revocations/<number, 20 digits>`; numbers begin at 1 and have no gaps.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/context.hpp"

namespace countersign::auth {

// Append only: the name is the spelling in the record and in an export.
//
// `lost` stands for a line that was forgotten with a medium and that no export brought back: what it said is not known,
// and its number is not given out again. Its account and fingerprint are zeros.
enum class Withdrawn : std::uint8_t { revoked, rotated, deleted, restored, lost };

std::string_view name_of(Withdrawn what);
std::optional<Withdrawn> withdrawn_named(std::string_view name);

struct Withdrawal {
  std::int64_t number = 0;
  std::string account;
  // The key that lost its right; for `restored` the one that has it again.
  openpgp::Fingerprint fingerprint;
  std::uint64_t epoch = 0;  // of the account since then
  Withdrawn what = Withdrawn::revoked;
  std::string reason;  // one of is_revocation_reason
  Instant at{};

  friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

std::string withdrawal_name(std::int64_t number);
Withdrawal lost_withdrawal(std::int64_t number, Instant at);
Json write_withdrawal(const Withdrawal& withdrawal);
Result<Withdrawal> parse_withdrawal(const Json& json);  // record_unreadable

// The highest number on the medium, where `known` is or was one; 0 where there is none.
Result<std::int64_t> last_withdrawal(storage::Medium& medium, std::int64_t known);

// Any thread.
class Withdrawals {
 public:
  explicit Withdrawals(const Context& context) : context_(context) {}

  // What is taken and why; account and time are the audit entry's, number and epoch are given here.
  struct Change {
    Withdrawn what = Withdrawn::revoked;
    openpgp::Fingerprint fingerprint;
    std::string reason;
  };
  // Commits `batch` with the changed account record over `over`, its epoch raised, the list's next line and the audit
  // entry; on a disk that is full the ballast is given up for it. The account as it is now. conflict where the account
  // or another precondition of the batch has changed; storage_unavailable.
  Result<Account> commit(const storage::Batch& batch, const StoredAccount& over, Account changed, const Change& change,
                         const AuditEntry& entry);

  // The list's next line as it is, number excepted, with `batch` and the audit entry. As commit().
  Status append(const storage::Batch& batch, Withdrawal line, const AuditEntry& entry);

  // Those after `after`, in their order, at most `limit`. chain_broken where one is missing.
  Result<std::vector<Withdrawal>> list(std::int64_t after, std::size_t limit);
  // 0 where there is none.
  Result<std::int64_t> last();

 private:
  const Context& context_;
  std::mutex mutex_;  // one number at a time
};

}  // namespace countersign::auth
