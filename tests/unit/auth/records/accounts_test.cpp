#include "auth/records/accounts.hpp"

#include <catch2/catch.hpp>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AccountPart;

namespace {

records::Accounts& accounts_of(House& house) {
  return house.auth().roles().accounts;
}
records::StoredAccount stored(House& house) {
  return *must(accounts_of(house).find(alice().account()));
}

}  // namespace

TEST_CASE("an account is named by its username or by its id and by one of them alone") {
  CHECK(must(records::resolve({"alice", ""})) == alice().account());
  CHECK(must(records::resolve({"", alice().account()})) == alice().account());
  CHECK(outcome(records::resolve({"alice", alice().account()})) == "malformed_message");
  CHECK(outcome(records::resolve({"", ""})) == "malformed_message");
  CHECK(outcome(records::resolve({"", "alice"})) == "malformed_account_id");
  CHECK(outcome(records::resolve({"a\nb", ""})) == "malformed_username");
}

TEST_CASE("an account's record under another's name is told apart from an account that is not there") {
  House house;
  house.add(alice());
  CHECK(outcome(accounts_of(house).find("alice")) == "malformed_account_id");
  CHECK_FALSE(must(accounts_of(house).find(bob().account())));
  records::Account account = stored(house).account;
  const std::string name = records::account_name(bob().account());
  must(put(house.medium(), name, to_string(house.seal().close(name, write_account(account)))));
  CHECK(outcome(accounts_of(house).find(bob().account())) == "record_tampered");
}

TEST_CASE("what is read of an account that changed meanwhile is a conflict, and of one that did not is tampered with") {
  House house;
  house.add(alice());
  const auto before = stored(house);
  CHECK(outcome(accounts_of(house).judge_unmoved(before)) == "ok");
  const std::string certificate = records::part_name(alice().account(), AccountPart::certificate);
  const std::string kept = text_of(house.medium(), certificate);
  must(put(house.medium(), certificate, "another"));
  CHECK(outcome(accounts_of(house).read_part(before, AccountPart::certificate)) == "record_tampered");
  must(erase(house.medium(), certificate));
  CHECK(outcome(accounts_of(house).read_part(before, AccountPart::certificate)) == "record_tampered");
  change_account(house, alice(),
                 [](records::Accounts&, storage::Batch&, records::Account& account) { ++account.epoch; });
  CHECK(outcome(accounts_of(house).judge_unmoved(before)) == "conflict");
  CHECK(outcome(accounts_of(house).read_part(before, AccountPart::certificate)) == "conflict");
  must(put(house.medium(), certificate, kept));
  CHECK(outcome(accounts_of(house).read_part(before, AccountPart::certificate)) == "ok");
  must(erase(house.medium(), records::account_name(alice().account())));
  CHECK(outcome(accounts_of(house).judge_unmoved(before)) == "conflict");
}

TEST_CASE("accounts are listed behind one, as many as are wanted, and none where none is") {
  House house;
  house.add(alice());
  house.add(bob());
  auto& accounts = accounts_of(house);
  CHECK(must(accounts.list("", 0)).empty());
  const auto all = must(accounts.list("", 10));
  REQUIRE(all.size() == 2);
  CHECK(must(accounts.list("", 1)) == std::vector<std::string>{all[0]});
  CHECK(must(accounts.list(all[0], 10)) == std::vector<std::string>{all[1]});
  CHECK(must(accounts.list(all[1], 10)).empty());
}

TEST_CASE("an account learns its name once, and no other's") {
  House house;
  house.add(alice());
  auto& accounts = accounts_of(house);
  const auto learns = [&](const std::string& known, std::string_view username) {
    records::Account account = stored(house).account;
    account.username = known;
    storage::Batch batch;
    const bool learnt = accounts.stage_username(batch, account, username);
    CHECK(account.username == (learnt ? std::string(username) : known));
    CHECK(account.parts.contains(AccountPart::metadata) == !learnt);
    CHECK(batch.changes().empty() == !learnt);
    return learnt;
  };
  CHECK(learns("", "alice"));
  CHECK_FALSE(learns("alice", "alice"));
  CHECK_FALSE(learns("", ""));
  CHECK_FALSE(learns("", "bob"));
}

TEST_CASE("what is left of a deleted account says which key it had and nothing else") {
  House house;
  house.add(alice());
  records::Account account = stored(house).account;
  const records::Account before = account;
  account.managed = true;
  account.profile.email = "alice@example.org";
  storage::Batch batch;
  accounts_of(house).stage_tombstone(batch, account, kNoon + Seconds(5));
  CHECK(account.state == records::AccountState::deleted);
  CHECK(account.username.empty());
  CHECK_FALSE(account.managed);
  CHECK(account.profile.email.empty());
  CHECK(account.parts.empty());
  REQUIRE(account.former_keys.size() == 1);
  CHECK(account.former_keys[0].fingerprint == before.fingerprint);
  CHECK(account.former_keys[0].until == kNoon + Seconds(5));
  must(house.medium().commit(batch));
  for (const auto& [name, text] : contents_of(house.medium())) {
    CAPTURE(name);
    CHECK((name.find(alice().account()) == std::string::npos || name == records::account_name(alice().account())));
    CHECK(name != records::key_name(before.fingerprint));
  }
}

TEST_CASE("S28 a denial reads what an answer would have read: of nobody both records, of others the part") {
  House house;
  FaultyMedium medium(house.medium());
  records::Accounts accounts(medium, house.seal());
  const auto reads = [&](ErrorCode denial) {
    const std::size_t before = medium.calls();
    must(accounts.read_in_vain(alice().account(), denial, AccountPart::password));
    return medium.calls() - before;
  };
  CHECK(reads(ErrorCode::account_unknown) == 2);
  CHECK(reads(ErrorCode::account_not_active) == 1);
  CHECK(reads(ErrorCode::password_unset) == 1);
  CHECK(reads(ErrorCode::password_wrong) == 0);
  CHECK(reads(ErrorCode::record_unreadable) == 0);
}

TEST_CASE("when an account was used last is told where its record says so, and never guessed") {
  House house;
  house.add(alice());
  const std::string name = records::seen_name(alice().account());
  const auto told = [&](const Json& record) {
    must(put(house.medium(), name, to_string(house.seal().close(name, record))));
    return outcome(accounts_of(house).last_login(alice().account()));
  };
  CHECK(told(Json::object().set("version", 1).set("last_login", format_time(kNoon))) == "ok");
  CHECK(accounts_of(house).last_login(alice().account()).value() == kNoon);
  CHECK(told(Json::object().set("version", 1)) == "record_unreadable");
  CHECK(told(Json::object().set("version", 1).set("last_login", 5)) == "record_unreadable");
  CHECK(told(Json::object().set("version", 1).set("last_login", "noon")) == "record_unreadable");
  must(erase(house.medium(), name));
  CHECK_FALSE(must(accounts_of(house).last_login(alice().account())));
}

TEST_CASE("who holds a key is told of a record that is understood") {
  House house;
  house.add(alice());
  const std::string name = records::key_name(alice().fingerprint());
  CHECK(must(accounts_of(house).holder_of(alice().fingerprint())) == alice().account());
  CHECK(must(accounts_of(house).holder_of(bob().fingerprint())).empty());
  for (const Json& record : {Json::object().set("version", 2).set("account", alice().account()),
                             Json::object().set("version", 1), Json::object().set("version", 1).set("account", 7)}) {
    must(put(house.medium(), name, to_string(house.seal().close(name, record))));
    CHECK(outcome(accounts_of(house).holder_of(alice().fingerprint())) == "record_unreadable");
  }
}

TEST_CASE("a certificate is the one that the account names, and there") {
  House house;
  house.add(alice());
  house.add(bob());
  CHECK(outcome(accounts_of(house).certificate_of(stored(house))) == "ok");
  for (const std::string& text : {bob().certificate(), std::string("no certificate")}) {
    plant(house, alice(), AccountPart::certificate, text);
    CHECK(outcome(accounts_of(house).certificate_of(stored(house))) == "record_unreadable");
  }
  records::StoredAccount without = stored(house);
  without.account.parts.erase(AccountPart::certificate);
  CHECK(outcome(accounts_of(house).certificate_of(without)) == "record_unreadable");
}

TEST_CASE("a key is staged for nobody who does not come first, and a change over one version alone") {
  House house;
  house.add(alice());
  records::Account account = stored(house).account;
  const auto certificate = must(accounts_of(house).certificate_of(stored(house)));
  storage::Batch again;
  accounts_of(house).stage_key(again, account, certificate);
  CHECK(outcome(house.medium().commit(again)) == "conflict");
  const records::StoredAccount before = stored(house);
  for (const std::string expected : {"ok", "conflict"}) {
    records::Account changed = before.account;
    ++changed.epoch;
    storage::Batch batch;
    accounts_of(house).stage_change(batch, before, changed);
    CHECK(outcome(house.medium().commit(batch)) == expected);
  }
}

TEST_CASE("the key of an account that was revoked stays its own when it is deleted") {
  House house;
  house.add(alice());
  for (const auto state : {records::AccountState::revoked, records::AccountState::active}) {
    records::Account account = stored(house).account;
    account.state = state;
    storage::Batch batch;
    accounts_of(house).stage_tombstone(batch, account, kNoon);
    const std::string key = records::key_name(alice().fingerprint());
    CHECK(batch.changes().contains(key) == (state == records::AccountState::active));
  }
}
