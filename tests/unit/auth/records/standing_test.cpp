#include "auth/records/standing.hpp"

#include <catch2/catch.hpp>

#include "auth/records/revocation_record.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AccountPart;
using records::AccountState;

namespace {

std::string standing(House& house) {
  records::Accounts& accounts = house.auth().roles().accounts;
  const auto stored = *must(accounts.find(alice().account()));
  return outcome(judge_standing(house.medium(), accounts, stored));
}

const std::string kPlaceholder(records::kRevocationPlaceholder);

}  // namespace

TEST_CASE("nothing but the placeholder lies where an active account's revocation would") {
  House house;
  house.add(alice());
  CHECK(standing(house) == "ok");
  const std::string name = records::part_name(alice().account(), AccountPart::revocation);
  for (const char* end : {"", "\n", "\r\n", "\n\r\n\n"}) {
    put(house, name, kPlaceholder + end);
    CHECK(standing(house) == "ok");
  }
  for (const std::string& other : {std::string("\n"), kPlaceholder + " ", "\n" + kPlaceholder, kPlaceholder + "x",
                                   kPlaceholder + "\nx", std::string("{}")}) {
    CAPTURE(other);
    put(house, name, other);
    CHECK(standing(house) == "record_tampered");
  }
}

TEST_CASE("an account whose record was read before a revocation was written is read anew") {
  House house;
  house.add(alice());
  records::Accounts& accounts = house.auth().roles().accounts;
  const auto before = *must(accounts.find(alice().account()));
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  CHECK(outcome(judge_standing(house.medium(), accounts, before)) == "conflict");
  CHECK(standing(house) == "account_not_active");
}

TEST_CASE("an active account has no revocation record, and a revoked one its own or none") {
  House house;
  house.add(alice());
  plant(house, alice(), AccountPart::revocation, "{}");
  CHECK(standing(house) == "record_unreadable");
  set_state(house, alice(), AccountState::revoked);
  CHECK(standing(house) == "record_unreadable");  // its record is none
  plant(house, alice(), AccountPart::revocation, std::nullopt);
  CHECK(standing(house) == "account_not_active");
  set_state(house, alice(), AccountState::deleted);
  CHECK(standing(house) == "account_not_active");
}

TEST_CASE("the revocation record of a revoked account speaks of that account and of that key") {
  House house;
  house.add(alice());
  house.add(bob());
  auto& revocation = house.auth().roles().revocation;
  for (const Person* person : {&alice(), &bob()}) {
    must(revocation.by_administrator(person->account(), "unspecified", "", by_hand()));
  }
  CHECK(standing(house) == "account_not_active");
  const auto record_of = [&](const Person& person) {
    return text_of(house.medium(), records::part_name(person.account(), AccountPart::revocation));
  };
  const std::string own = record_of(alice());
  plant(house, alice(), AccountPart::revocation, record_of(bob()));
  CHECK(standing(house) == "record_unreadable");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = own;
    REQUIRE(text.find(from) != std::string::npos);
    plant(house, alice(), AccountPart::revocation, text.replace(text.find(from), from.size(), to));
    return standing(house);
  };
  CHECK(with(alice().account(), bob().account()) == "record_unreadable");
  CHECK(with(alice().fingerprint().upper(), bob().fingerprint().upper()) == "record_unreadable");
}
