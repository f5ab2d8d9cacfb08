#include "auth/accounts/deletion.hpp"

#include <catch2/catch.hpp>

#include "auth/base/account_id.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("S25 a deletion leaves a tombstone whose epoch lives on and nothing else") {
  House house;
  const records::Account before = house.add(alice());
  const auto session = house.log_in(alice());
  const proving::Response login = house.answer(alice(), house.issue(alice()));
  const records::Account account = must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  CHECK(account.state == records::AccountState::deleted);
  CHECK(account.epoch == before.epoch + 1);
  CHECK(account.username.empty());
  CHECK(names_in(house.medium(), "users/", 9) == std::vector<std::string>{records::account_name(alice().account())});
  CHECK(names_in(house.medium(), "keys/", 9).empty());
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "account_not_active");
  CHECK(outcome(house.auth().roles().login.redeem(login, by_http())) == "account_not_active");
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
  const auto audit = must(house.auth().roles().audit.list("", 0, 1));
  CHECK(audit[0].decision == "account_deleted");
}

TEST_CASE("S25 nothing of a deleted account lives again when its name is taken") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  const proving::Response login = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  const keys::RotationResponse rotation = rotate_response(house, alice(), next_key(), records::Transport::courier);
  const proving::Response revocation = revoke_response(house, alice(), "unspecified", records::Transport::courier);
  const auto epoch = must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand())).epoch;
  // The very same key, and so the worst case.
  house.add(alice());
  CHECK(epoch_of(house, alice()) == epoch + 1);
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().login.redeem(login, by_courier())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().rotation.by_statement(rotation, by_courier())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().revocation.by_statement(revocation, by_courier())) == "epoch_passed");
  CHECK_NOTHROW(house.log_in(alice()));
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}

TEST_CASE("a key that was revoked or rotated away stays taken when its account is deleted") {
  House house;
  house.add(alice());
  must(house.auth().roles().rotation.by_administrator(alice().account(), next_key().certificate(), by_hand()));
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  for (const std::string& taken : {alice().certificate(), next_key().certificate()}) {
    CHECK(outcome(house.auth().roles().enrolment.add({"somebody", taken, false}, by_hand())) == "key_taken");
  }
  must(house.auth().roles().enrolment.add({"alice", carol().certificate(), false}, by_hand()));
  const records::Account account = must(house.auth().roles().accounts.show(alice().account())).account;
  CHECK(account.former_keys.size() == 2);
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}

TEST_CASE("S24 the server's own account is never deleted by name nor by id") {
  House house;
  CHECK(outcome(house.auth().roles().deletion.by_administrator(account_id_of("server"), by_hand())) ==
        "account_reserved");
  auto message = message_of("account.delete", transport::Carrier::local);
  message.fields.set("username", "server");
  CHECK(outcome(house.operations().run(message)) == "account_reserved");
  message.fields = Json::object().set("account", account_id_of("server"));
  CHECK(outcome(house.operations().run(message)) == "account_reserved");
}

TEST_CASE("what is not there or deleted already is not deleted") {
  House house;
  CHECK(outcome(house.auth().roles().deletion.by_administrator(alice().account(), by_hand())) == "not_found");
  house.add(alice());
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  const auto before = contents_of(house.medium());
  CHECK(outcome(house.auth().roles().deletion.by_administrator(alice().account(), by_hand())) == "account_not_active");
  CHECK(outcome(house.auth().roles().revocation.restore(alice().account(), "", by_hand())) == "account_not_revoked");
  CHECK(outcome(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand())) ==
        "account_not_active");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S28 a deleted account's challenge looks as it did before") {
  House house;
  must(house.auth().roles().enrolment.add({"alice", next_key().certificate(), false}, by_hand()));
  must(house.auth().maintain());
  const std::string before = house.issue(alice()).message;
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  must(house.auth().maintain());
  const std::string after = house.issue(alice()).message;
  CHECK(std::abs(static_cast<long>(before.size()) - static_cast<long>(after.size())) <= 8);
  CHECK(house.engine().sealed_in(after).recipient != next_key().fingerprint());
}
