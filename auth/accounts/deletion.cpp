#include "auth/accounts/deletion.hpp"

#include "auth/accounts/account_id.hpp"

namespace countersign::auth {

void stage_tombstone(const Context& context, storage::Batch& batch, Account& changed, Instant at) {
  if (changed.state == AccountState::active) batch.erase(key_name(changed.fingerprint));
  note_former_key(changed, {changed.fingerprint, changed.key_since, at, "no_longer_valid"});
  changed.state = AccountState::deleted;
  changed.username.clear();
  changed.managed = false;
  for (const AccountPart part : kAccountParts) context.accounts.stage_no_part(batch, changed, part);
  batch.erase(seen_name(changed.id));
}

Result<Account> Deletion::by_administrator(const std::string& account, const Visit& visit) {
  const Instant now = context_.timekeeper.now().wall;
  if (account == account_id_of(kReservedUsername)) {
    return fail(ErrorCode::account_reserved, "the account of the name 'server' is the server's own");
  }
  return until_settled([&]() -> Result<Account> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    if (stored->account.state == AccountState::deleted) return fail(ErrorCode::account_not_active, "deleted already");
    storage::Batch batch;
    Account changed = stored->account;
    stage_tombstone(context_, batch, changed, now);
    return withdrawals_.commit(
        batch, *stored, changed, {Withdrawn::deleted, changed.fingerprint, "no_longer_valid"},
        {Decision::account_deleted, now, changed.id, changed.fingerprint.upper(), "", visit.source, ""});
  });
}

}  // namespace countersign::auth
