// Whether an account may prove itself at all, by what its record and its revocation record say together (S33).
//
// Active, revoked, or unknown, and unknown denies: where a revocation record lies that the account record does not
// seal, or one that it seals is missing, changed or unreadable, somebody was at the medium. The predecessor's
// placeholder is no revocation.
#pragma once

#include "auth/records/accounts.hpp"

namespace countersign::auth::records {

// One read whatever the account's state, where the two agree. account_not_active; record_tampered or record_unreadable
// where the two disagree at one version of the account, which is an alarm; conflict where the account changed
// meanwhile.
Status judge_standing(storage::Medium& medium, Accounts& accounts, const StoredAccount& stored);

}  // namespace countersign::auth::records
