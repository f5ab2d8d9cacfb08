#include "auth/keys/rotation.hpp"

#include <catch2/catch.hpp>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/packet_builder.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string rotated(House& house, const keys::RotationResponse& response) {
  return outcome(house.auth().roles().rotation.by_statement(response, by_http()));
}

std::string rotated_by_hand(House& house, const Person& person, const std::string& public_key) {
  return outcome(house.auth().roles().rotation.by_administrator(person.account(), public_key, by_hand()));
}

// Alice's account, held by another key.
proving::Response login_with(House& house, const Person& key) {
  return house.answer(key, house.issue(alice()));
}

}  // namespace

TEST_CASE("S51 a rotation changes certificate record key and metadata in one batch") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  const auto epoch = epoch_of(house, alice());
  house.clock.pass(std::chrono::hours(1));
  const records::Account account =
      must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  CHECK(account.fingerprint == next_key().fingerprint());
  CHECK(account.epoch == epoch + 1);
  CHECK(account.encryption_algorithm == "nistp256");
  CHECK(account.key_since == house.clock.now());
  CHECK(text_of(house.medium(), part_name(alice().account(), records::AccountPart::certificate)) ==
        next_key().certificate());
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().login.redeem(login_with(house, alice()), by_http())) ==
        "signature_by_another_key");
  CHECK(outcome(house.auth().roles().login.redeem(login_with(house, next_key()), by_http())) == "ok");
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
  const auto audit = must(house.auth().roles().audit.list("", 0, 2));
  CHECK(audit[0].decision == "key_rotated");
  CHECK(audit[0].entry.detail == "from " + alice().fingerprint().upper() + " by statement");
}

TEST_CASE("S39 the account record keeps the former key with its dates and its reason") {
  House house;
  house.add(alice());
  house.clock.pass(std::chrono::hours(3));
  must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  const records::Account account = must(house.auth().roles().accounts.show(alice().account())).account;
  REQUIRE(account.former_keys.size() == 1);
  CHECK(account.former_keys[0].fingerprint == alice().fingerprint());
  CHECK(account.former_keys[0].from == kNoon);
  CHECK(account.former_keys[0].until == kNoon + std::chrono::hours(3));
  CHECK(account.former_keys[0].reason == "key_superseded");
}

TEST_CASE("S39 a former key is nobody's again") {
  House house;
  house.add(alice());
  must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  CHECK(outcome(house.auth().roles().enrolment.add({"second", alice().certificate(), false}, by_hand())) ==
        "key_taken");
  CHECK(rotated_by_hand(house, alice(), alice().certificate()) == "key_taken");
  house.add(bob());
  CHECK(rotated_by_hand(house, bob(), alice().certificate()) == "key_taken");
}

TEST_CASE("S54 metadata is written for the new key from the server's own record") {
  House house;
  house.add(alice());
  const std::string name = part_name(alice().account(), records::AccountPart::metadata);
  const auto first = house.engine().sealed_in(text_of(house.medium(), name));
  CHECK(first.recipient == alice().fingerprint());
  CHECK(first.hidden);
  CHECK(first.text == "{\"version\":1,\"username\":\"alice\",\"account\":\"" + alice().account() +
                          "\",\"fingerprint\":\"" + alice().fingerprint().upper() +
                          "\",\"created_at\":\"2026-11-21T12:00:00Z\"}");
  house.clock.pass(std::chrono::hours(1));
  must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  const auto second = house.engine().sealed_in(text_of(house.medium(), name));
  CHECK(second.recipient == next_key().fingerprint());
  CHECK(second.text.find(next_key().fingerprint().upper()) != std::string::npos);
  CHECK(second.text.find("2026-11-21T12:00:00Z") != std::string::npos);
}

TEST_CASE("a rotation needs both keys over the same statement") {
  House house;
  house.add(alice());
  const keys::RotationResponse right = rotate_response(house, alice(), next_key());
  const auto before = contents_of(house.medium());
  keys::RotationResponse wrong = right;
  wrong.next = right.current;
  CHECK(rotated(house, wrong) == "signature_by_another_key");
  wrong = right;
  wrong.current = right.next;
  CHECK(rotated(house, wrong) == "signature_by_another_key");
  wrong = right;
  std::swap(wrong.current, wrong.next);
  CHECK(rotated(house, wrong) == "signature_by_another_key");
  wrong = right;
  wrong.next = rotate_response(house, alice(), next_key()).next;
  CHECK(rotated(house, wrong) == "challenge_invalid");
  wrong = right;
  wrong.next.signature = next_key().sign("x", house.clock.now());
  CHECK(rotated(house, wrong) == "signature_invalid");
  CHECK(contents_of(house.medium()) == before);
  CHECK(rotated(house, right) == "ok");
  CHECK(rotated(house, right) == "epoch_passed");
}

TEST_CASE("a rotation goes to the key that the statement names and to no other") {
  House house;
  house.add(alice());
  keys::RotationResponse other = rotate_response(house, alice(), next_key());
  const auto before = contents_of(house.medium());
  other.public_key = carol().certificate();
  CHECK(rotated(house, other) == "signature_by_another_key");
  // Whoever came by the response signs the same statement with a key of their own.
  keys::RotationResponse stolen = other;
  stolen.next.signature = carol().sign(house.statement_in(other.current.challenge), house.clock.now());
  CHECK(rotated(house, stolen) == "signature_by_another_key");
  other.public_key = "no key";
  CHECK(face_of_outcome(house.auth().roles().rotation.by_statement(other, by_http())) == Face::malformed);
  other.public_key = house.secrets().server_key_armored().reveal_text();
  CHECK(rotated(house, other) == "secret_key_handed_in");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("a rotation to a key that is taken is told to who proved both keys and changes nothing") {
  House house;
  house.add(alice());
  house.add(bob());
  const auto before = contents_of(house.medium());
  CHECK(rotated(house, rotate_response(house, alice(), alice())) == "key_taken");
  CHECK(rotated(house, rotate_response(house, alice(), bob())) == "key_taken");
  CHECK(rotated_by_hand(house, alice(), alice().certificate()) == "key_taken");
  CHECK(rotated_by_hand(house, alice(), bob().certificate()) == "key_taken");
  CHECK(rotated_by_hand(house, alice(), house.auth().roles().identity.certificate_armored()) == "key_taken");
  CHECK(face_of(ErrorCode::key_taken) == Face::conflict);
  // Who proved nothing is told nothing.
  keys::RotationResponse guess = rotate_response(house, alice(), bob());
  guess.current.signature = guess.next.signature;
  CHECK(rotated(house, guess) == "signature_by_another_key");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("a rotation to a key that gate or policy refuse says why and changes nothing") {
  House house;
  house.add(alice());
  const auto before = contents_of(house.medium());
  std::string damaged = next_key().certificate();
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  CHECK(rotated_by_hand(house, alice(), damaged) == "armor_invalid");
  // One that signs, and has nothing that a challenge could be encrypted to.
  const ForgedKey key(kNoon - std::chrono::days(9));
  ForgedSignature binding;
  binding.signature_class = 0x13;
  binding.created_at = key.created_at();
  binding.hashed = {key_flags(3)};
  const std::string signs_only =
      to_string(concat({packet(6, key.body()), packet(13, to_bytes("Alice")), key.certify(binding, "Alice")}));
  CHECK(rotated_by_hand(house, alice(), signs_only) == "key_policy");
  CHECK(face_of(ErrorCode::key_policy) == Face::malformed);
  CHECK(rotated_by_hand(house, alice(), "") == "certificate_refused");
  const std::string secret(house.secrets().server_key_armored().reveal_text());
  CHECK(rotated_by_hand(house, alice(), secret) == "secret_key_handed_in");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S37 a revoked or deleted account does not rotate") {
  House house;
  house.add(alice());
  const keys::RotationResponse response = rotate_response(house, alice(), next_key());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const auto revoked = contents_of(house.medium());
  CHECK(rotated(house, response) == "account_not_active");
  CHECK(rotated_by_hand(house, alice(), next_key().certificate()) == "account_not_active");
  CHECK(contents_of(house.medium()) == revoked);
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  const auto deleted = contents_of(house.medium());
  CHECK(rotated(house, response) == "account_not_active");
  CHECK(rotated_by_hand(house, alice(), next_key().certificate()) == "account_not_active");
  CHECK(rotated_by_hand(house, bob(), next_key().certificate()) == "not_found");
  CHECK(contents_of(house.medium()) == deleted);
}

TEST_CASE("S41 a rotation ends every open challenge") {
  House house;
  house.add(alice());
  const proving::Response login = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  const keys::RotationResponse second = rotate_response(house, alice(), carol());
  must(house.auth().roles().rotation.by_statement(rotate_response(house, alice(), next_key()), by_http()));
  CHECK(outcome(house.auth().roles().login.redeem(login, by_courier())) == "epoch_passed");
  CHECK(rotated(house, second) == "epoch_passed");
}

TEST_CASE("a rotation that comes twice by stick is done once and told the same") {
  House house;
  house.add(alice());
  const keys::RotationResponse response = rotate_response(house, alice(), next_key(), records::Transport::courier);
  const records::Account first = must(house.auth().roles().rotation.by_statement(response, by_courier()));
  const auto contents = contents_of(house.medium());
  const records::Account second = must(house.auth().roles().rotation.by_statement(response, by_courier()));
  CHECK(second.fingerprint == first.fingerprint);
  CHECK(second.epoch == first.epoch);
  CHECK(contents_of(house.medium()) == contents);
  keys::RotationResponse forged = response;
  forged.next.signature = alice().sign("x", house.clock.now());
  CHECK(outcome(house.auth().roles().rotation.by_statement(forged, by_courier())) == "signature_by_another_key");
}

TEST_CASE("S52 of two who change an account at once one is judged anew") {
  // Between reading the account and committing its rotation, somebody revokes it: whatever the call it falls before.
  for (std::size_t n = 1; n < 25; ++n) {
    House fresh;
    fresh.add(alice());
    FaultyMedium between(fresh.medium());
    const auto slow = must(fresh.another(between, "other"));
    between.interfere(n, [&] {
      const auto revoked =
          fresh.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand());
      static_cast<void>(revoked);  // too late where the rotation is through
    });
    const auto result = slow->roles().rotation.by_administrator(alice().account(), next_key().certificate(), by_hand());
    CAPTURE(n, outcome(result));
    CHECK((outcome(result) == "ok" || outcome(result) == "account_not_active"));
    if (!result) CHECK(state_of(fresh, alice()) == records::AccountState::revoked);
    CHECK(faults_of_store(fresh.medium(), fresh) == std::vector<std::string>());
  }
}

TEST_CASE("a revoked account is taken back with a new key in one step") {
  House house;
  house.add(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const auto before = contents_of(house.medium());
  CHECK(outcome(house.auth().roles().revocation.restore(alice().account(), alice().certificate(), by_hand())) ==
        "key_taken");
  CHECK(contents_of(house.medium()) == before);
  const records::Account account =
      must(house.auth().roles().revocation.restore(alice().account(), next_key().certificate(), by_hand()));
  CHECK(account.state == records::AccountState::active);
  REQUIRE(account.former_keys.size() == 1);
  CHECK(account.former_keys[0].reason == "key_compromised");
  CHECK(outcome(house.auth().roles().login.redeem(login_with(house, alice()), by_http())) ==
        "signature_by_another_key");
  CHECK(outcome(house.auth().roles().login.redeem(login_with(house, next_key()), by_http())) == "ok");
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}
