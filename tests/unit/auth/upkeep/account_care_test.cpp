#include "auth/upkeep/account_care.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AccountPart;

namespace {

records::StoredAccount find(House& house, const Person& person) {
  return *must(house.auth().roles().accounts.find(person.account()));
}

void take_metadata_away(House& house, const Person& person) {
  auto& accounts = house.auth().roles().accounts;
  const auto stored = find(house, person);
  records::Account changed = stored.account;
  storage::Batch batch;
  accounts.stage_no_part(batch, changed, AccountPart::metadata);
  accounts.stage_change(batch, stored, changed);
  must(house.medium().commit(batch));
}

bool has_metadata(House& house, const Person& person) {
  return find(house, person).account.parts.contains(AccountPart::metadata);
}

}  // namespace

TEST_CASE("accounts are looked after a page at a time, and from the beginning again") {
  House house;
  house.add(alice());
  house.add(bob());
  auto& roles = house.auth().roles();
  for (const std::size_t page : {1u, 3u, 1000u}) {
    upkeep::AccountCare care(roles.context, roles.revocation, roles.decoys);
    for (int round = 0; round < 2; ++round) {
      take_metadata_away(house, alice());
      take_metadata_away(house, bob());
      const std::size_t names = names_in(house.medium(), "users/", 100).size();
      std::size_t pages = 0;
      std::size_t half_done = 0;
      while (!must(care.go_on(page))) {
        ++pages;
        half_done += has_metadata(house, alice()) != has_metadata(house, bob()) ? 1 : 0;
      }
      CAPTURE(page, round);
      CHECK(pages >= names / page);
      CHECK(pages <= names / page + 2);  // metadata that was made behind the page's end
      CHECK((half_done > 0) == (page == 1));
      CHECK(has_metadata(house, alice()));
      CHECK(has_metadata(house, bob()));
    }
  }
}

TEST_CASE("a damaged account keeps no other from being looked after") {
  House house;
  house.add(alice());
  house.add(bob());
  take_metadata_away(house, alice());
  take_metadata_away(house, bob());
  must(put(house.medium(), records::account_name(alice().account()), "damaged"));
  auto& roles = house.auth().roles();
  upkeep::AccountCare care(roles.context, roles.revocation, roles.decoys);
  while (!must(care.go_on(1))) {
  }
  CHECK(has_metadata(house, bob()));
}
