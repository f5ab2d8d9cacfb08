// Records and states that no operation of ours would write.
#pragma once

#include <optional>
#include <string>

#include "tests/support/house.hpp"

namespace countersign::test {

inline void put(House& house, const std::string& name, const std::string& text) {
  storage::Batch batch;
  batch.put(name, as_bytes(text));
  must(house.medium().commit(batch));
}

template <class Change>
void change_account(House& house, const std::string& id, const Change& change) {
  auth::records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(id));
  auth::records::Account changed = stored->account;
  storage::Batch batch;
  change(accounts, batch, changed);
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
}

template <class Change>
void change_account(House& house, const Person& person, const Change& change) {
  change_account(house, person.account(), change);
}

// A part with that text, sealed by the account record; or none.
inline void plant(House& house, const Person& person, auth::records::AccountPart part,
                  std::optional<std::string> text) {
  change_account(house, person,
                 [&](auth::records::Accounts& accounts, storage::Batch& batch, auth::records::Account& account) {
                   if (text) {
                     accounts.stage_part(batch, account, part, as_bytes(*text));
                   } else {
                     accounts.stage_no_part(batch, account, part);
                   }
                 });
}

inline void set_state(House& house, const Person& person, auth::records::AccountState state) {
  change_account(house, person, [&](auth::records::Accounts&, storage::Batch&, auth::records::Account& account) {
    account.state = state;
  });
}

}  // namespace countersign::test
