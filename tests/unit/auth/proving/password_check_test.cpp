// What is committed with a password that was right.
#include "auth/proving/password_check.hpp"

#include <catch2/catch.hpp>

#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AccountPart;

namespace {

struct Scene {
  Scene() : check(house.medium(), accounts, house.auth().roles().password_hashes) { house.add(alice(), "right"); }
  proving::PasswordProof proof() { return {*must(accounts.find(alice().account())), std::nullopt, false}; }

  House house;
  records::Accounts& accounts = house.auth().roles().accounts;
  proving::PasswordCheck check;
};

passwords::HashedPassword hashed() {
  return {Secret(as_bytes("a hash")), "0123456789abcdef"};
}

}  // namespace

TEST_CASE("what was staged beside a password that was right is told in the order of its weight") {
  Scene scene;
  change_account(scene.house, alice(),
                 [](records::Accounts&, storage::Batch&, records::Account& account) { account.username.clear(); });
  const auto detail = [&](bool renewed, bool migrated, const std::string& username) {
    proving::PasswordProof proof = scene.proof();
    if (renewed) proof.renewal = hashed();
    proof.migrated = migrated;
    storage::Batch batch;
    const auto proven = scene.check.stage_proven(batch, proof, username);
    CHECK(proven.account.username == username);
    CHECK(proven.account.pepper_key == (renewed ? hashed().pepper_key : ""));
    return proven.detail;
  };
  CHECK(detail(false, false, "") == "");
  CHECK(detail(false, false, "alice") == "name learnt");
  CHECK(detail(true, false, "") == "hash renewed");
  CHECK(detail(true, true, "") == "hash migrated");
  CHECK(detail(true, false, "alice") == "hash renewed, name learnt");
  CHECK(detail(true, true, "alice") == "hash migrated, name learnt");
}

TEST_CASE("a password that was right counts over the account as it was then alone") {
  for (const bool renewed : {false, true}) {
    Scene scene;
    proving::PasswordProof proof = scene.proof();
    if (renewed) proof.renewal = hashed();
    change_account(scene.house, alice(),
                   [](records::Accounts&, storage::Batch&, records::Account& account) { ++account.epoch; });
    storage::Batch batch;
    batch.put("another", as_bytes("change"));
    scene.check.stage_proven(batch, proof, "");
    CHECK(outcome(scene.house.medium().commit(batch)) == "conflict");
    storage::Batch again;
    again.put("another", as_bytes("change"));
    scene.check.stage_proven(again, scene.proof(), "");
    CHECK(outcome(scene.house.medium().commit(again)) == "ok");
  }
}

TEST_CASE("a hash is an account's only one, and none is none at all") {
  Scene scene;
  records::Account account = scene.proof().stored.account;
  account.parts[AccountPart::legacy_password] = std::string(64, 'a');
  storage::Batch batch;
  scene.check.stage(batch, account, hashed());
  CHECK(account.parts.contains(AccountPart::password));
  CHECK_FALSE(account.parts.contains(AccountPart::legacy_password));
  CHECK(account.pepper_key == hashed().pepper_key);
  account.parts[AccountPart::legacy_password] = std::string(64, 'a');
  storage::Batch none;
  scene.check.stage_none(none, account);
  CHECK_FALSE(account.parts.contains(AccountPart::password));
  CHECK_FALSE(account.parts.contains(AccountPart::legacy_password));
  CHECK(account.pepper_key.empty());
  CHECK(none.changes().size() == 2);
}

TEST_CASE("a password is asked of an account that has one") {
  Scene scene;
  const auto proven = [&] { return outcome(scene.check.prove(alice().account(), password_of("right"))); };
  CHECK(proven() == "ok");
  CHECK(outcome(scene.check.prove(alice().account(), password_of("wrong"))) == "password_wrong");
  CHECK(outcome(scene.check.prove(bob().account(), password_of("right"))) == "account_unknown");
  plant(scene.house, alice(), AccountPart::password, "no hash");
  CHECK(proven() == "record_unreadable");
  plant(scene.house, alice(), AccountPart::password, std::nullopt);
  CHECK(proven() == "password_unset");
  plant(scene.house, alice(), AccountPart::legacy_password, "no hash");
  CHECK(proven() == "record_unreadable");
}
