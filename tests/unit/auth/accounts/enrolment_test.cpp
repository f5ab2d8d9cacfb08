#include "auth/accounts/enrolment.hpp"

#include <catch2/catch.hpp>

#include "storage/base/hash.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

HouseSettings open_to_all() {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  return settings;
}

std::string enrolled(House& house, const Person& person, const proving::Response& response) {
  return outcome(house.auth().roles().enrolment.enrol(response, person.certificate(), by_http()));
}

proving::Response enrol_response(House& house, const Person& person) {
  return house.answer(person, house.issue_enrolment(person));
}

std::string held(House& house, const std::optional<proving::Response>& response, const std::string& certificate) {
  return outcome(house.auth().roles().enrolment.hold(response, certificate, by_courier()));
}

}  // namespace

TEST_CASE("S30 who proves a key gets an account under its real fingerprint") {
  House house(open_to_all(), nullptr);
  const records::Account account =
      must(house.auth().roles().enrolment.enrol(enrol_response(house, alice()), alice().certificate(), by_http()))
          .account;
  CHECK(account.id == alice().account());
  CHECK(account.username == "alice");
  CHECK(account.fingerprint == alice().fingerprint());
  CHECK(account.epoch == 0);
  CHECK(account.encryption_algorithm == "cv25519");
  CHECK_NOTHROW(house.log_in(alice()));
}

TEST_CASE("S27 an account is made whole in one batch with the challenge it consumed") {
  House house(open_to_all(), nullptr);
  CHECK(enrolled(house, alice(), enrol_response(house, alice())) == "ok");
  CHECK(text_of(house.medium(), records::account_name(alice().account())) != "<absent>");
  CHECK(text_of(house.medium(), part_name(alice().account(), records::AccountPart::certificate)) ==
        alice().certificate());
  CHECK(text_of(house.medium(), records::key_name(alice().fingerprint())) != "<absent>");
  CHECK(names_in(house.medium(), "consumed/", 9).size() == 1);
}

TEST_CASE("an enrolment is redeemed once") {
  House house(open_to_all(), nullptr);
  const proving::Response response = enrol_response(house, alice());
  CHECK(enrolled(house, alice(), response) == "ok");
  CHECK(enrolled(house, alice(), response) == "challenge_consumed");
}

TEST_CASE("S26 of two who enrol one name the second is told") {
  House house(open_to_all(), nullptr);
  const proving::Response first = enrol_response(house, alice());
  records::Challenge challenge = house.challenge_for(bob(), records::Purpose::enrol, records::Transport::http);
  challenge.account = alice().account();
  challenge.extra = "alice";
  const proving::Response second = house.answer_to(bob(), challenge);
  CHECK(enrolled(house, alice(), first) == "ok");
  CHECK(outcome(house.auth().roles().enrolment.enrol(second, bob().certificate(), by_http())) == "account_exists");
  CHECK(must(house.auth().roles().accounts.show(alice().account())).account.fingerprint == alice().fingerprint());
}

TEST_CASE("one key belongs to one account") {
  House house(open_to_all(), nullptr);
  CHECK(enrolled(house, alice(), enrol_response(house, alice())) == "ok");
  CHECK(outcome(house.auth().roles().enrolment.add({"second", alice().certificate(), false}, by_hand())) ==
        "key_taken");
}

TEST_CASE("S09 the certificate that comes back is the one that was asked for") {
  House house(open_to_all(), nullptr);
  const proving::Response response = enrol_response(house, alice());
  CHECK(outcome(house.auth().roles().enrolment.enrol(response, bob().certificate(), by_http())) ==
        "signature_by_another_key");
  proving::Response forged = response;
  forged.signature = bob().sign("x", house.clock.now());
  CHECK(enrolled(house, alice(), forged) == "signature_by_another_key");
  // Bob signs the statement that was made for alice's key.
  forged.signature = bob().sign(house.statement_in(response.challenge), house.clock.now());
  CHECK(outcome(house.auth().roles().enrolment.enrol(forged, bob().certificate(), by_http())) ==
        "signature_by_another_key");
  CHECK(enrolled(house, alice(), response) == "ok");
}

TEST_CASE("an enrolment for a name that has an account by now is refused by its epoch") {
  House house(open_to_all(), nullptr);
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http);
  challenge.epoch = 1;  // as if there were a tombstone
  CHECK(enrolled(house, alice(), house.answer_to(alice(), challenge)) == "epoch_passed");
}

TEST_CASE("who takes a deleted account's name starts above its tombstone") {
  House house(open_to_all(), nullptr);
  const records::Account before = house.add(bob());
  const auto session = house.log_in(bob());
  const proving::Response stale = enrol_response(house, alice());
  // Bob's account under Alice's name, deleted: an administrator's work, done here by hand.
  records::Accounts accounts(house.medium(), house.seal());
  records::Account tombstone = before;
  tombstone.id = alice().account();
  tombstone.state = records::AccountState::deleted;
  tombstone.epoch = 41;
  const std::string name = records::account_name(alice().account());
  must(put(house.medium(), name, as_text(house.seal().close(name, write_account(tombstone)))));
  CHECK(enrolled(house, alice(), stale) == "epoch_passed");
  CHECK(enrolled(house, alice(), enrol_response(house, alice())) == "ok");
  CHECK(must(house.auth().roles().accounts.show(alice().account())).account.epoch == 42);
  CHECK(must(house.auth().roles().accounts.show(alice().account())).account.state == records::AccountState::active);
}

TEST_CASE("S50 a secret key that is handed in is refused and named") {
  House house;
  const std::string secret(house.secrets().server_key_armored().reveal_text());
  CHECK(outcome(house.auth().roles().enrolment.add({"alice", secret, false}, by_hand())) == "secret_key_handed_in");
  CHECK(held(house, std::nullopt, secret) == "secret_key_handed_in");
  CHECK(names_in(house.medium(), "users/", 9).empty());
}

TEST_CASE("a certificate from a stick waits for an administrator who has compared the fingerprint") {
  House house;
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  CHECK(names_in(house.medium(), "users/", 9).empty());
  const auto list = must(house.auth().roles().enrolment.list_held());
  REQUIRE(list.size() == 1);
  CHECK(list[0].fingerprint == alice().fingerprint());
  CHECK(list[0].username.empty());
  CHECK(list[0].user_ids == std::vector<std::string>{"alice <alice@example.org>"});
  CHECK(outcome(house.auth().roles().enrolment.confirm({bob().fingerprint(), "alice"}, by_hand())) ==
        "enrolment_not_held");
  CHECK(outcome(house.auth().roles().enrolment.confirm({alice().fingerprint(), "Alice"}, by_hand())) ==
        "malformed_username");
  CHECK(outcome(house.auth().roles().enrolment.confirm({alice().fingerprint(), "alice"}, by_hand())) == "ok");
  CHECK(must(house.auth().roles().enrolment.list_held()).empty());
  CHECK_NOTHROW(house.log_in(alice()));
  CHECK(outcome(house.auth().roles().enrolment.confirm({alice().fingerprint(), "alice"}, by_hand())) ==
        "enrolment_not_held");
}

TEST_CASE("whoever confirms an enrolment may have the key named in challenges") {
  for (const bool show : {false, true}) {
    House house;
    REQUIRE(held(house, std::nullopt, alice().certificate()) == "ok");
    CHECK(must(house.auth().roles().enrolment.confirm({alice().fingerprint(), "alice", show}, by_hand()))
              .account.show_key_id == show);
    CHECK(house.engine().sealed_in(house.issue(alice()).message).hidden == !show);
  }
}

TEST_CASE("S65 holding twice is holding once and what is an account's already is not held") {
  House house;
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  const auto before = contents_of(house.medium());
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  CHECK(contents_of(house.medium()) == before);
  house.add(bob());
  const auto with_bob = contents_of(house.medium());
  const auto present = must(house.auth().roles().enrolment.hold(std::nullopt, bob().certificate(), by_courier()));
  CHECK(present.account == bob().account());
  CHECK(contents_of(house.medium()) == with_bob);
  CHECK(must(house.auth().roles().enrolment.hold(std::nullopt, alice().certificate(), by_courier())).account.empty());
}

TEST_CASE("a proven enrolment names its user and a bare certificate does not take its place") {
  House house;
  const proving::Response response = house.answer(alice(), house.issue_enrolment(alice(), records::Transport::courier));
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  CHECK(held(house, response, alice().certificate()) == "ok");
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  REQUIRE(must(house.auth().roles().enrolment.list_held()).size() == 1);
  CHECK(must(house.auth().roles().enrolment.list_held())[0].username == "alice");
  CHECK(outcome(house.auth().roles().enrolment.confirm({alice().fingerprint(), "mallory"}, by_hand())) == "conflict");
  CHECK(outcome(house.auth().roles().enrolment.confirm({alice().fingerprint(), "alice"}, by_hand())) == "ok");
}

TEST_CASE("what comes by stick has to prove its key if it claims a name") {
  House house;
  const proving::Response response = house.answer(alice(), house.issue_enrolment(alice(), records::Transport::courier));
  CHECK(held(house, response, bob().certificate()) == "signature_by_another_key");
  proving::Response forged = response;
  forged.signature = bob().sign("x", house.clock.now());
  CHECK(held(house, forged, alice().certificate()) == "signature_by_another_key");
  forged.signature = bob().sign(house.statement_in(response.challenge), house.clock.now());
  CHECK(held(house, forged, bob().certificate()) == "signature_by_another_key");
  const proving::Response by_network =
      house.answer_to(alice(), house.challenge_for(alice(), records::Purpose::enrol, records::Transport::http));
  CHECK(held(house, by_network, alice().certificate()) == "transport_mismatch");
  CHECK(must(house.auth().roles().enrolment.list_held()).empty());
}

TEST_CASE("no more enrolments are held than may be, and one that is held may still be proven") {
  House house;
  CHECK(held(house, std::nullopt, alice().certificate()) == "ok");
  storage::Batch batch;
  for (std::size_t i = 1; i < accounts::kHeldMax; ++i)
    batch.put("held/" + hex(sha256(as_bytes(std::to_string(i)))), {});
  must(house.medium().commit(batch));
  CHECK(held(house, std::nullopt, bob().certificate()) == "enrolments_held_full");
  const proving::Response proven = house.answer(alice(), house.issue_enrolment(alice(), records::Transport::courier));
  CHECK(held(house, proven, alice().certificate()) == "ok");
  must(erase(house.medium(), "held/" + hex(sha256(as_bytes("1")))));
  CHECK(held(house, std::nullopt, bob().certificate()) == "ok");
}

TEST_CASE("an enrolment by courier may be redeemed by hand while registration is closed") {
  House house;
  const proving::Response response = house.answer(alice(), house.issue_enrolment(alice(), records::Transport::courier));
  CHECK(outcome(house.auth().roles().enrolment.enrol(response, alice().certificate(), by_hand())) == "ok");
}
