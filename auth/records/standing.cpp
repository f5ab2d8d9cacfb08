#include "auth/records/standing.hpp"

#include "auth/records/revocation_record.hpp"

namespace countersign::auth::records {
namespace {

bool is_placeholder(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text == kRevocationPlaceholder;
}

// Nothing may lie under the name but the placeholder.
Status judge_unsealed(storage::Medium& medium, Accounts& accounts, const StoredAccount& stored) {
  const std::string name = part_name(stored.account.id, AccountPart::revocation);
  const auto entry = TRY(storage::find(medium, name));
  if (!entry || is_placeholder(as_text(entry->bytes))) return ok();
  // Two reads are no snapshot: the account may have been revoked between them.
  TRY(accounts.judge_unmoved(stored));
  return fail(ErrorCode::record_tampered, name + " is there, and the account record does not know of it");
}

Status judge_sealed(Accounts& accounts, const StoredAccount& stored) {
  const std::string name = part_name(stored.account.id, AccountPart::revocation);
  const auto bytes = TRY(accounts.read_part(stored, AccountPart::revocation));
  if (!bytes) return ok();  // the account record's own word is enough to deny
  const RevocationRecord record = TRY(parse_revocation(as_text(*bytes)));
  if (record.account != stored.account.id || record.fingerprint != stored.account.fingerprint) {
    return fail(ErrorCode::record_unreadable, name + " speaks of another account or key");
  }
  return ok();
}

}  // namespace

Status judge_standing(storage::Medium& medium, Accounts& accounts, const StoredAccount& stored) {
  switch (stored.account.state) {
    case AccountState::active:
      if (stored.account.parts.contains(AccountPart::revocation)) {
        return fail(ErrorCode::record_unreadable, "an active account with a revocation record");
      }
      return judge_unsealed(medium, accounts, stored);
    case AccountState::revoked:
      TRY(judge_sealed(accounts, stored));
      break;
    case AccountState::deleted:
      // For the time it takes alone: nobody learns from it which of the two an account is.
      TRY(storage::find(medium, part_name(stored.account.id, AccountPart::revocation)));
      break;
  }
  return fail(ErrorCode::account_not_active, std::string(name_of(stored.account.state)));
}

}  // namespace countersign::auth::records
