// Deleting an account. What is left is a tombstone: its record, without name and other records, whose epoch lives on,
// so that nothing of it lives again when somebody takes the name.
#pragma once

#include <string>

#include "auth/keys/withdrawals.hpp"

namespace countersign::auth::accounts {

// Any thread.
class Deletion {
 public:
  Deletion(const Context& context, keys::Withdrawals& withdrawals) : context_(context), withdrawals_(withdrawals) {}

  // By an administrator. One batch: every record of the account goes, the tombstone takes the place of its record, the
  // epoch rises. A key in good standing is free again; one that was revoked or rotated away stays taken for good.
  // not_found; account_reserved; account_not_active where it is deleted already.
  Result<records::Account> by_administrator(const std::string& account, const Visit& visit);

 private:
  const Context& context_;
  keys::Withdrawals& withdrawals_;
};

}  // namespace countersign::auth::accounts
