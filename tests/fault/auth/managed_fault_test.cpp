// Managed accounts, failed at every call to the store: key, password and escrow change together or not at all.
#include "auth/base/account_id.hpp"
#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A new name for every point, which may have an account already.
struct Named {
  static inline int count = 0;
  std::string name = "managed" + std::to_string(++count);
  std::string account = account_id_of(name);
  keys::ManagedAccount made;
  std::optional<sessions::RefreshedSession> session;
};
using Someone = std::shared_ptr<Named>;

Someone newcomer(FaultyHouse&) {
  return std::make_shared<Named>();
}

Someone holder(FaultyHouse& place) {
  auto it = newcomer(place);
  it->made = must(place.house.auth().roles().enrolment.add_managed({it->name, password_of("old"), true}, by_hand()));
  it->session = must(
      place.house.auth().roles().passwords.log_in(records::AccountName{it->name, ""}, password_of("old"), by_http()));
  return it;
}

std::string login(FaultyHouse& place, const Named& it, std::string_view password) {
  return outcome(
      place.house.auth().roles().passwords.log_in(records::AccountName{it.name, ""}, password_of(password), by_http()));
}

records::Account account_of(FaultyHouse& place, const Named& it) {
  return must(place.house.auth().roles().accounts.show(it.account)).account;
}

std::string key_of(FaultyHouse& place, const Named& it) {
  return text_of(place.store.medium(), part_name(it.account, records::AccountPart::escrowed_key));
}

}  // namespace

TEST_CASE("S27 a managed registration that meets any fault leaves the whole account or none") {
  at_every_fault(
      "managed registration", newcomer,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().enrolment.add_managed({it->name, password_of("old"), true}, by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<keys::ManagedAccount>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        const bool is_there = place.house.auth().roles().accounts.show(it->account).has_value();
        if (result) CHECK(is_there);
        CHECK(login(place, *it, "old") == (is_there ? "ok" : "account_unknown"));
        CHECK((key_of(place, *it) == "<absent>") != is_there);
        // Whose answer was lost has the password, and so what gives them a key.
        const records::AccountName name{it->name, ""};
        if (is_there)
          must(place.house.auth().roles().rotation.by_password(id_of(name), password_of("old"), password_of("new"),
                                                               by_http()));
        if (!is_there)
          must(place.house.auth().roles().enrolment.add_managed({it->name, password_of("old")}, by_http()));
      });
}

TEST_CASE("S51 a rotation by password that meets any fault leaves the old key and password or the new ones") {
  at_every_fault(
      "rotation by password", holder,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().rotation.by_password(id_of(records::AccountName{it->name, ""}),
                                                               password_of("old"), password_of("new"), by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<keys::ManagedAccount>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        const records::Account account = account_of(place, *it);
        const bool rotated = account.epoch != it->made.account.epoch;
        if (result) CHECK(rotated);
        CHECK(account.managed);
        CHECK((account.fingerprint != it->made.account.fingerprint) == rotated);
        CHECK((key_of(place, *it) != it->made.secret_key.reveal_text()) == rotated);
        CHECK(place.house.auth().roles().sessions.admit(it->session->token, by_http()).has_value() != rotated);
        CHECK(login(place, *it, "old") == (rotated ? "password_wrong" : "ok"));
        CHECK(login(place, *it, "new") == (rotated ? "ok" : "password_wrong"));
      });
}

TEST_CASE("S36 a revocation by password that meets any fault is whole with its sessions and the escrow or none") {
  at_every_fault(
      "revocation by password", holder,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().revocation.by_password(id_of(records::AccountName{it->name, ""}),
                                                                 password_of("old"), "key_compromised", "", by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::RevocationRecord>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        const bool revoked = account_of(place, *it).state == records::AccountState::revoked;
        if (result) CHECK(revoked);
        CHECK((key_of(place, *it) == "<absent>") == revoked);
        CHECK(place.house.auth().roles().sessions.admit(it->session->token, by_http()).has_value() != revoked);
        CHECK(login(place, *it, "old") == (revoked ? "account_not_active" : "ok"));
      });
}

TEST_CASE("S50 an escrowed key is handed out with its line in the audit record or not at all") {
  at_every_fault(
      "handing out a key", holder,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().escrow.by_password(id_of(records::AccountName{it->name, ""}),
                                                             password_of("old"), by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<Secret>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        if (result) {
          CHECK(must(place.house.auth().roles().audit.list("server", 0, 1)).back().decision == "key_handed_out");
        }
        CHECK(key_of(place, *it) == it->made.secret_key.reveal_text());
        CHECK(login(place, *it, "old") == "ok");
      });
}
