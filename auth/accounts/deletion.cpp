#include "auth/accounts/deletion.hpp"

#include "auth/base/account_id.hpp"

namespace countersign::auth::accounts {

Result<records::Account> Deletion::by_administrator(const std::string& account, const Visit& visit) {
  const Instant now = context_.timekeeper.now().wall;
  if (account == account_id_of(kReservedUsername)) {
    return fail(ErrorCode::account_reserved, "the account of the name 'server' is the server's own");
  }
  return until_settled([&]() -> Result<records::Account> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    if (stored->account.state == records::AccountState::deleted)
      return fail(ErrorCode::account_not_active, "deleted already");
    storage::Batch batch;
    records::Account changed = stored->account;
    context_.accounts.stage_tombstone(batch, changed, now);
    return withdrawals_.commit(
        batch, *stored, changed, {records::Withdrawn::deleted, changed.fingerprint, "no_longer_valid"},
        {records::Decision::account_deleted, now, changed.id, changed.fingerprint.upper(), "", visit.source, ""});
  });
}

}  // namespace countersign::auth::accounts
