// A whole house that takes over what the Go libraries wrote.
#pragma once

#include <string>
#include <string_view>

#include "auth/accounts/legacy_import.hpp"
#include "tests/support/house.hpp"
#include "tests/support/legacy.hpp"

namespace countersign::test {

inline Result<auth::accounts::LegacyImportSummary> import_from(House& house, const std::string& folder,
                                                               bool skip_strays = false, bool dry_run = false) {
  return house.auth().roles().legacy_import.run({folder, skip_strays, dry_run}, {}, by_hand());
}

inline auth::accounts::LegacyImportSummary import_fixture(House& house) {
  return must(import_from(house, legacy_fixture(kLegacyFolder).string()));
}

inline auth::records::Account account_of(House& house, std::string_view username) {
  return must(house.auth().roles().accounts.show(legacy_person(username).account)).account;
}

inline std::string login(House& house, const auth::records::AccountName& name, std::string_view password) {
  return outcome(house.auth().roles().passwords.log_in(name, password_of(password), by_http()));
}
inline std::string login(House& house, const std::string& username) {
  return login(house, {username, ""}, legacy_person(username).password);
}

}  // namespace countersign::test
