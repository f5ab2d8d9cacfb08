#include "auth/accounts/passwords.hpp"

#include <catch2/catch.hpp>

#include "auth/base/account_id.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::string_view kRight = "correct horse";

// Tries are limited elsewhere.
HouseSettings unlimited() {
  HouseSettings settings;
  settings.policies.rate_limit = false;
  return settings;
}

Result<sessions::RefreshedSession> try_login(House& house, const Person& person, std::string_view password) {
  return house.auth().roles().passwords.log_in(records::AccountName{person.name(), ""}, password_of(password),
                                               by_http());
}

std::string login(House& house, const Person& person, std::string_view password) {
  return outcome(try_login(house, person, password));
}

std::uint64_t hashes(House& house) {
  return house.auth().roles().hasher.counts().begun;
}

std::string last_decision(House& house) {
  const auto records = must(house.auth().roles().audit.list("server", 0, 1));
  return records.empty() ? "" : records.back().decision;
}

}  // namespace

TEST_CASE("a password opens a session that says so and names no key") {
  House house;
  house.add(alice(), kRight);
  const auto opened = must(try_login(house, alice(), kRight));
  CHECK(opened.session.method == "password");
  CHECK(opened.session.fingerprint.empty());
  CHECK(opened.session.username == "alice");
  CHECK(opened.session.transport == "http");
  const records::Session admitted = must(house.auth().roles().sessions.admit(opened.token, by_http()));
  CHECK(admitted.id == opened.session.id);
  CHECK(admitted.method == "password");
  CHECK(login(house, alice(), "correct hors") == "password_wrong");
  CHECK(login(house, alice(), "correct horse ") == "password_wrong");
}

TEST_CASE("S31 a login by password is the account's latest login") {
  House house;
  house.add(alice(), kRight);
  house.clock.pass(std::chrono::hours(1));
  must(try_login(house, alice(), kRight));
  CHECK(must(house.auth().roles().accounts.show(alice().account())).last_login == house.clock.now());
}

TEST_CASE("S12 no account without a password is opened by any password") {
  House house;
  house.add(alice());
  for (const char* password : {"x", "alice", "null", "0"}) {
    CHECK(login(house, alice(), password) == "password_unset");
    CHECK(outcome(house.auth().roles().passwords.change(id_of(records::AccountName{"alice", ""}), password_of(password),
                                                        password_of("new"), by_http())) == "password_unset");
  }
  CHECK(outcome(passwords::Password::admit(Secret())) == "malformed_message");
}

TEST_CASE("S13 a password record that is damaged or gone denies and never falls back to the legacy hash") {
  House house(unlimited(), nullptr);
  house.add(alice(), kRight);
  const std::string name = part_name(alice().account(), records::AccountPart::password);
  const std::string whole = contents_of(house.medium()).at(name);
  // The old hash, of another password, lies where it lay before.
  put(house, part_name(alice().account(), records::AccountPart::legacy_password), lthn("old"));
  for (const std::string& damaged : {std::string(), whole.substr(0, 20), whole + "\n", lthn("old"), lthn(kRight)}) {
    put(house, name, damaged);
    CHECK(login(house, alice(), kRight) == "record_tampered");
    CHECK(login(house, alice(), "old") == "record_tampered");
  }
  storage::Batch gone;
  gone.erase(name);
  must(house.medium().commit(gone));
  CHECK(login(house, alice(), "old") == "record_tampered");
  CHECK(login(house, alice(), kRight) == "record_tampered");
  put(house, name, whole);
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(public_face_of(ErrorCode::record_tampered) == Face::denied);
}

TEST_CASE("S13 a sealed record that is no password hash denies") {
  House house;
  house.add(alice());
  for (const char* text : {"", "$argon2id$", "$argon2i$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$x"}) {
    plant(house, alice(), records::AccountPart::password, text);
    CHECK(login(house, alice(), kRight) == "record_unreadable");
  }
  plant(house, alice(), records::AccountPart::password, std::nullopt);
  plant(house, alice(), records::AccountPart::legacy_password, lthn(kRight) + "\n");
  CHECK(login(house, alice(), kRight) == "record_unreadable");
}

TEST_CASE("S13 an account record says one scheme or is not understood") {
  House house;
  house.add(alice(), kRight);
  records::Accounts accounts(house.medium(), house.seal());
  const records::Account account = must(accounts.find(alice().account()))->account;
  const Json good = write_account(account);
  CHECK(*good.find("password")->string() == "argon2id");
  CHECK(records::parse_account(good).has_value());
  for (const char* scheme : {"none", "lthn", "", "scrypt"}) {
    Json other = good;
    other.set("password", scheme);
    CHECK(outcome(records::parse_account(other)) == "record_unreadable");
  }
  records::Account both = account;
  both.parts[records::AccountPart::legacy_password] = std::string(64, 'a');
  CHECK(outcome(records::parse_account(write_account(both))) == "record_unreadable");
  Json peppered = write_account(records::Account(account));
  peppered.set("pepper", "0123456789abcdef");
  CHECK(records::parse_account(peppered).has_value());
  records::Account none = account;
  none.parts.erase(records::AccountPart::password);
  Json lost = write_account(none);
  CHECK(records::parse_account(lost).has_value());
  lost.set("pepper", "0123456789abcdef");
  CHECK(outcome(records::parse_account(lost)) == "record_unreadable");
}

TEST_CASE("S14 the first login with a legacy hash writes the new one and erases the old one") {
  House house;
  house.add(alice());
  plant(house, alice(), records::AccountPart::legacy_password, lthn(kRight));
  const std::string old_name = part_name(alice().account(), records::AccountPart::legacy_password);
  const std::string new_name = part_name(alice().account(), records::AccountPart::password);
  CHECK(login(house, alice(), "wrong") == "password_wrong");
  CHECK(contents_of(house.medium()).contains(old_name));
  const auto opened = must(try_login(house, alice(), kRight));
  const auto after = contents_of(house.medium());
  CHECK_FALSE(after.contains(old_name));
  CHECK(after.at(new_name).starts_with("$argon2id$"));
  for (const auto& [name, text] : after) CHECK(text.find(lthn(kRight)) == std::string::npos);
  CHECK(last_decision(house) == "login_by_password");
  // It is no change of password: the session that it opened holds, and so do others.
  CHECK(outcome(house.auth().roles().sessions.admit(opened.token, by_http())) == "ok");
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(login(house, alice(), "wrong") == "password_wrong");
  // Brought back, the old hash opens nothing.
  put(house, old_name, lthn("other"));
  CHECK(login(house, alice(), "other") == "password_wrong");
}

TEST_CASE("S15 a migration that races a change of password does not bring the old one back") {
  House house;
  house.add(alice());
  plant(house, alice(), records::AccountPart::legacy_password, lthn(kRight));
  // The administrator's change lands between the login's reading and its commit.
  bool changed = false;
  house.settings.hasher.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) {
    if (!changed && request.password.reveal_text() == kRight) {
      changed = true;
      const auto second = must(house.another(house.medium(), "second"));
      must(second->roles().passwords.set(id_of(records::AccountName{"alice", ""}), password_of("new one"), by_hand()));
    }
    return compute_argon2id(request, arena);
  };
  must(house.restart());
  CHECK(login(house, alice(), kRight) == "password_wrong");
  CHECK(changed);
  CHECK(names_in(house.medium(), "sessions/", 9).empty());
  CHECK(login(house, alice(), "new one") == "ok");
}

TEST_CASE("S19 a hash below the policy is renewed at login and ends no session") {
  House house;
  house.add(alice(), kRight);
  const auto before = must(try_login(house, alice(), kRight));
  const std::string name = part_name(alice().account(), records::AccountPart::password);
  CHECK(contents_of(house.medium()).at(name).starts_with("$argon2id$v=19$m=8192,t=1,p=1$"));
  house.settings.policies.password.parameters = {16u << 10, 2, 2};
  must(house.restart());
  CHECK(login(house, alice(), "wrong") == "password_wrong");
  CHECK(contents_of(house.medium()).at(name).starts_with("$argon2id$v=19$m=8192,t=1,p=1$"));
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(contents_of(house.medium()).at(name).starts_with("$argon2id$v=19$m=16384,t=2,p=2$"));
  CHECK(outcome(house.auth().roles().sessions.admit(before.token, by_http())) == "ok");
  const std::string renewed = contents_of(house.medium()).at(name);
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(contents_of(house.medium()).at(name) == renewed);
  // A weaker policy weakens nothing.
  house.settings.policies.password.parameters = {passwords::kMemoryKibMin, 1, 1};
  must(house.restart());
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(contents_of(house.medium()).at(name) == renewed);
}

TEST_CASE("S19 a pepper is from the secrets and its key is named by the account record") {
  House house;
  house.settings.policies.password.pepper = true;
  must(house.restart());
  house.add(alice(), kRight);
  records::Accounts accounts(house.medium(), house.seal());
  CHECK(must(accounts.find(alice().account()))->account.pepper_key == house.secrets().newest_record_key().id);
  CHECK(login(house, alice(), kRight) == "ok");
  // The hash alone verifies nothing.
  const passwords::PhcString phc = must(passwords::parse_phc_string(
      contents_of(house.medium()).at(part_name(alice().account(), records::AccountPart::password))));
  passwords::Arena arena;
  const Secret none;
  const Secret password{as_bytes(kRight)};
  const Secret tag = must(compute_argon2id({password, phc.salt, phc.parameters, none}, arena));
  CHECK(hex(tag.reveal()) != hex(phc.tag.reveal()));
  // Switched off, it goes with the next login.
  house.settings.policies.password.pepper = false;
  must(house.restart());
  CHECK(login(house, alice(), "wrong") == "password_wrong");
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(must(accounts.find(alice().account()))->account.pepper_key.empty());
  CHECK(login(house, alice(), kRight) == "ok");
}

TEST_CASE("a pepper whose key is gone is unavailable and never a wrong password") {
  House house;
  house.add(alice(), kRight);
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(alice().account()));
  records::Account changed = stored->account;
  changed.pepper_key = "0123456789abcdef";
  storage::Batch batch;
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
  CHECK(login(house, alice(), kRight) == "secret_missing");
}

TEST_CASE("S28 whoever is asked for costs one hash and is told the same") {
  House house(unlimited(), nullptr);
  house.add(alice(), kRight);
  house.add(bob());
  house.add(carol(), kRight);
  const Person nobody("nobody", openpgp::KeyKind::ed25519_cv25519);
  const auto costs_one = [&](const Person& person, std::string_view password, const std::string& code) {
    const auto before = hashes(house);
    const auto refused = try_login(house, person, password);
    CAPTURE(person.name(), code);
    CHECK(outcome(refused) == code);
    CHECK(face_of_outcome(refused) == Face::denied);
    CHECK(hashes(house) - before == 1);
  };
  costs_one(alice(), "wrong", "password_wrong");
  costs_one(nobody, "wrong", "account_unknown");
  costs_one(bob(), "wrong", "password_unset");
  plant(house, bob(), records::AccountPart::legacy_password, lthn(kRight));
  costs_one(bob(), "wrong", "password_wrong");
  plant(house, bob(), records::AccountPart::legacy_password, std::nullopt);
  plant(house, bob(), records::AccountPart::password, "damaged");
  costs_one(bob(), "wrong", "record_unreadable");
  for (const records::AccountState state : {records::AccountState::revoked, records::AccountState::deleted}) {
    set_state(house, carol(), state);
    costs_one(carol(), "wrong", "account_not_active");
    costs_one(carol(), kRight, "account_not_active");
  }
  // The account id says as little as the name.
  const auto before = hashes(house);
  CHECK(outcome(house.auth().roles().passwords.log_in(records::AccountName{"", std::string(64, 'a')}, password_of("x"),
                                                      by_http())) == "account_unknown");
  CHECK(hashes(house) - before == 1);
}

TEST_CASE("S28 the work done for nothing has the parameters of the policy") {
  House house;
  std::vector<passwords::Argon2Parameters> seen;
  house.settings.hasher.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) {
    seen.push_back(request.parameters);
    return compute_argon2id(request, arena);
  };
  house.settings.policies.password.parameters = {16u << 10, 2, 3};
  must(house.restart());
  house.add(alice(), kRight);
  CHECK(login(house, alice(), "wrong") == "password_wrong");
  CHECK(login(house, bob(), "wrong") == "account_unknown");
  REQUIRE(seen.size() == 3);
  for (const passwords::Argon2Parameters& parameters : seen)
    CHECK(parameters == house.settings.policies.password.parameters);
}

TEST_CASE("S35 a login by password whose account is revoked meanwhile opens nothing") {
  House house;
  house.add(alice(), kRight);
  bool revoked = false;
  house.settings.hasher.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) {
    auto tag = compute_argon2id(request, arena);
    if (!revoked) set_state(house, alice(), records::AccountState::revoked);
    revoked = true;
    return tag;
  };
  must(house.restart());
  CHECK(login(house, alice(), kRight) == "account_not_active");
  CHECK(names_in(house.medium(), "sessions/", 9).empty());
}

TEST_CASE("a change of password ends every session and every open challenge") {
  House house;
  house.add(alice(), kRight);
  const auto by_key = house.log_in(alice());
  const auto by_password = must(try_login(house, alice(), kRight));
  const proving::Response open = house.answer(alice(), house.issue(alice()));
  CHECK(outcome(house.auth().roles().passwords.change(id_of(records::AccountName{"alice", ""}), password_of("wrong"),
                                                      password_of("new"), by_http())) == "password_wrong");
  CHECK(outcome(house.auth().roles().sessions.admit(by_key.token, by_http())) == "ok");
  must(house.auth().roles().passwords.change(id_of(records::AccountName{"alice", ""}), password_of(kRight),
                                             password_of("new"), by_http()));
  CHECK(last_decision(house) == "password_changed");
  CHECK(outcome(house.auth().roles().sessions.admit(by_key.token, by_http())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().sessions.admit(by_password.token, by_http())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().login.redeem(open, by_http())) == "epoch_passed");
  CHECK(login(house, alice(), kRight) == "password_wrong");
  CHECK(login(house, alice(), "new") == "ok");
}

TEST_CASE("whoever holds the key sets a password, once a challenge") {
  House house;
  house.add(alice());
  house.add(bob());
  const auto challenge = house.challenge_for(alice(), records::Purpose::password, records::Transport::http);
  proving::Response response = house.answer_to(alice(), challenge);
  proving::Response forged = response;
  forged.signature = house.answer_to(bob(), challenge).signature;
  const auto before = hashes(house);
  CHECK(outcome(house.auth().roles().passwords.change(forged, password_of("new"), by_http())) ==
        "signature_by_another_key");
  const proving::Response login_response = house.answer(alice(), house.issue(alice()));
  CHECK(outcome(house.auth().roles().passwords.change(login_response, password_of("new"), by_http())) ==
        "challenge_of_another_purpose");
  CHECK(hashes(house) == before);  // nobody makes us hash without a proof
  must(house.auth().roles().passwords.change(response, password_of("new"), by_http()));
  CHECK(login(house, alice(), "new") == "ok");
  CHECK(face_of_outcome(house.auth().roles().passwords.change(response, password_of("newer"), by_http())) ==
        Face::denied);
  CHECK(login(house, alice(), "new") == "ok");
}

TEST_CASE("an administrator sets and removes a password") {
  House house;
  house.add(alice());
  const records::AccountName name{"alice", ""};
  must(house.auth().roles().passwords.set(id_of(name), password_of("one"), by_hand()));
  CHECK(last_decision(house) == "password_set");
  const auto opened = must(try_login(house, alice(), "one"));
  must(house.auth().roles().passwords.set(id_of(records::AccountName{"", alice().account()}), password_of("two"),
                                          by_hand()));
  CHECK(outcome(house.auth().roles().sessions.admit(opened.token, by_http())) == "epoch_passed");
  CHECK(login(house, alice(), "two") == "ok");
  must(house.auth().roles().passwords.remove(id_of(name), by_hand()));
  CHECK(last_decision(house) == "password_removed");
  CHECK(login(house, alice(), "two") == "password_unset");
  CHECK_FALSE(contents_of(house.medium()).contains(part_name(alice().account(), records::AccountPart::password)));
  CHECK(outcome(house.auth().roles().passwords.remove(id_of(name), by_hand())) == "not_found");
  CHECK(outcome(house.auth().roles().passwords.set(id_of(records::AccountName{"bob", ""}), password_of("x"),
                                                   by_hand())) == "not_found");
  set_state(house, alice(), records::AccountState::revoked);
  CHECK(outcome(house.auth().roles().passwords.set(id_of(name), password_of("x"), by_hand())) == "account_not_active");
}

TEST_CASE("who enrols may bring a password, which is hashed once the key is proven") {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  House house(settings, nullptr);
  const proving::Response response = house.answer(alice(), house.issue_enrolment(alice()));
  proving::Response wrong = response;
  wrong.signature = bob().sign("x", house.clock.now());
  CHECK_FALSE(
      house.auth().roles().enrolment.enrol(wrong, alice().certificate(), by_http(), password_of(kRight)).has_value());
  CHECK(hashes(house) == 0);
  must(house.auth().roles().enrolment.enrol(response, alice().certificate(), by_http(), password_of(kRight)));
  CHECK(login(house, alice(), kRight) == "ok");
  CHECK(must(house.auth().roles().accounts.show(alice().account())).account.epoch == 0);
}

TEST_CASE("S22 a password is in no record and no answer") {
  House house;
  house.add(alice(), "xyzzy-plugh-0815");
  must(try_login(house, alice(), "xyzzy-plugh-0815"));
  must(house.auth().roles().passwords.change(id_of(records::AccountName{"alice", ""}), password_of("xyzzy-plugh-0815"),
                                             password_of("xyzzy-plugh-4711"), by_http()));
  for (const auto& [name, text] : contents_of(house.medium())) {
    CAPTURE(name);
    CHECK(text.find("xyzzy") == std::string::npos);
    const bool own = name == part_name(alice().account(), records::AccountPart::password);
    CHECK((text.find("$argon2id$") != std::string::npos) == own);
  }
}
