#include "auth/records/account.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house_keys.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("an account is managed where its record says so, and a record from before says nothing") {
  House house;
  house.add(alice());
  const records::Account account = must(house.auth().roles().accounts.show(alice().account())).account;
  CHECK_FALSE(account.managed);
  Json record = write_account(account);
  record.erase("managed");
  CHECK_FALSE(must(records::parse_account(record)).managed);
  record.set("managed", true);
  CHECK(must(records::parse_account(record)).managed);
  record.set("managed", "true");
  CHECK(outcome(records::parse_account(record)) == "record_unreadable");
}

TEST_CASE("S41 an account proves itself at its very epoch, and at none before or after") {
  records::Account account;
  account.epoch = 5;
  CHECK(outcome(judge_account(account, 4)) == "epoch_passed");
  CHECK(outcome(judge_account(account, 5)) == "ok");
  CHECK(outcome(judge_account(account, 6)) == "epoch_passed");
}

TEST_CASE("S12 whoever gives a managed account a key of their own ends that a password may change it") {
  House house;
  house.add(alice());
  change_account(house, alice(), [](records::Accounts& accounts, storage::Batch& batch, records::Account& account) {
    account.managed = true;
    accounts.stage_part(batch, account, records::AccountPart::escrowed_key, as_bytes("a secret key"));
  });
  const records::Account rotated =
      must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  CHECK_FALSE(rotated.managed);
  CHECK_FALSE(rotated.parts.contains(records::AccountPart::escrowed_key));
  CHECK(text_of(house.medium(), part_name(alice().account(), records::AccountPart::escrowed_key)) == "<absent>");
}
