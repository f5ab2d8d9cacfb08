// Taking accounts over, and the first login of one, failed at every call to the store: the old state or the new one.
#include "tests/support/every_fault.hpp"
#include "tests/support/legacy.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// One with the predecessor's older hash, one that it revoked.
struct Folder {
  Folder() : grace(legacy_person("grace")), leslie(legacy_person("leslie")) {
    scratch.take("grace");
    scratch.take("leslie");
  }
  LegacyScratch scratch;
  LegacyPerson grace;
  LegacyPerson leslie;
};

// As if the account had never been: nothing of ours does that.
void forget(FaultyHouse& place, const std::string& account) {
  storage::Batch batch;
  for (const auto& [name, text] : contents_of(place.store.medium())) {
    const bool is_key = name.starts_with("keys/") && text.find(account) != std::string::npos;
    if (is_key || name.starts_with("users/" + account)) batch.erase(name);
  }
  if (!batch.changes().empty()) must(place.store.medium().commit(batch));
}

Result<accounts::LegacyImportSummary> import_into(FaultyHouse& place, const Folder& folder) {
  return place.house.auth().roles().legacy_import.run({folder.scratch.path()}, {}, by_hand());
}

std::string login(FaultyHouse& place, const LegacyPerson& person, std::string_view password) {
  return outcome(place.house.auth().roles().passwords.log_in(records::AccountName{person.username, ""},
                                                             password_of(password), by_http()));
}

// Every record of the account, or none. Of one that was revoked no key is kept.
bool is_there(FaultyHouse& place, const std::string& account) {
  const auto contents = contents_of(place.store.medium());
  const bool there = contents.contains(records::account_name(account));
  const bool revoked = contents.contains(part_name(account, records::AccountPart::revocation));
  for (const records::AccountPart part : {records::AccountPart::certificate, records::AccountPart::metadata}) {
    CHECK(contents.contains(part_name(account, part)) == there);
  }
  CHECK(contents.contains(part_name(account, records::AccountPart::escrowed_key)) == (there && !revoked));
  return there;
}

}  // namespace

TEST_CASE("S27 an import that meets any fault leaves each account whole or not there, and goes on when run again") {
  const Folder folder;
  at_every_fault(
      "import",
      [&](FaultyHouse& place) {
        forget(place, folder.grace.account);
        forget(place, folder.leslie.account);
        return 0;
      },
      [&](FaultyHouse& place, int&) { return import_into(place, folder); },
      [&](FaultyHouse& place, int&, const Result<accounts::LegacyImportSummary>& imported) {
        if (!imported) CHECK(outcome(imported) == "storage_unavailable");
        const bool grace = is_there(place, folder.grace.account);
        const bool leslie = is_there(place, folder.leslie.account);
        if (imported) CHECK((grace && leslie));
        CHECK(login(place, folder.grace, folder.grace.password) == (grace ? "ok" : "account_unknown"));
        CHECK(login(place, folder.leslie, folder.leslie.password) ==
              (leslie ? "account_not_active" : "account_unknown"));
        const auto again = must(import_into(place, folder));
        CHECK(again.taken_over == (grace ? 0u : 1u) + (leslie ? 0u : 1u));
        CHECK(again.present == (grace ? 1u : 0u) + (leslie ? 1u : 0u));
        CHECK(login(place, folder.grace, folder.grace.password) == "ok");
      });
}

TEST_CASE("S14 the first login of an imported account that meets any fault migrates hash and name or neither") {
  const Folder folder;
  const std::string& grace = folder.grace.account;
  at_every_fault(
      "first login of an imported account",
      [&](FaultyHouse& place) {
        forget(place, grace);
        must(import_into(place, folder));
        return 0;
      },
      [&](FaultyHouse& place, int&) {
        return place.house.auth().roles().passwords.log_in(records::AccountName{folder.grace.username, ""},
                                                           password_of(folder.grace.password), by_http());
      },
      [&](FaultyHouse& place, int&, const Result<sessions::RefreshedSession>& opened) {
        if (!opened) CHECK(outcome(opened) == "storage_unavailable");
        const auto contents = contents_of(place.store.medium());
        const bool is_new = contents.contains(part_name(grace, records::AccountPart::password));
        CHECK(contents.contains(part_name(grace, records::AccountPart::legacy_password)) != is_new);
        const std::string username = must(place.house.auth().roles().accounts.show(grace)).account.username;
        CHECK(username == (is_new ? "grace" : ""));
        if (opened) CHECK(is_new);
        CHECK(login(place, folder.grace, "wrong") == "password_wrong");
        CHECK(login(place, folder.grace, folder.grace.password) == "ok");
      });
}
