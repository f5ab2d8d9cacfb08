// Passwords, failed at every call to the store: the old state or the new one, never a login without its batch.
#include "auth/base/account_id.hpp"
#include "tests/support/every_fault.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const records::AccountName kAlice{"alice", ""};

std::string login(FaultyHouse& place, std::string_view password) {
  return outcome(place.house.auth().roles().passwords.log_in(kAlice, password_of(password), by_http()));
}

void prepare_password(FaultyHouse& place) {
  must(place.house.auth().roles().passwords.set(id_of(kAlice), password_of("old"), by_hand()));
}

}  // namespace

TEST_CASE("S15 a login by password that meets any fault opens one session or none") {
  at_every_fault(
      "login by password",
      [](FaultyHouse& place) {
        prepare_password(place);
        return place.sessions();
      },
      [](FaultyHouse& place, std::size_t&) {
        return place.house.auth().roles().passwords.log_in(kAlice, password_of("old"), by_http());
      },
      [](FaultyHouse& place, std::size_t& before, const Result<sessions::RefreshedSession>& opened) {
        if (!opened) CHECK(outcome(opened) == "storage_unavailable");
        const std::size_t more = place.sessions() - before;
        CHECK(more <= 1);
        if (opened) CHECK(more == 1);
        CHECK(login(place, "old") == "ok");
      });
}

TEST_CASE("S15 a migration that meets any fault leaves the old hash or the new one and never both") {
  at_every_fault(
      "migration",
      [](FaultyHouse& place) {
        plant(place.house, alice(), records::AccountPart::password, std::nullopt);
        plant(place.house, alice(), records::AccountPart::legacy_password, lthn("old"));
        return 0;
      },
      [](FaultyHouse& place, int&) {
        return place.house.auth().roles().passwords.log_in(kAlice, password_of("old"), by_http());
      },
      [](FaultyHouse& place, int&, const Result<sessions::RefreshedSession>& opened) {
        if (!opened) CHECK(outcome(opened) == "storage_unavailable");
        const auto contents = contents_of(place.store.medium());
        const bool is_old = contents.contains(part_name(alice().account(), records::AccountPart::legacy_password));
        const bool is_new = contents.contains(part_name(alice().account(), records::AccountPart::password));
        CHECK(is_old != is_new);
        if (opened) CHECK(is_new);
        CHECK(login(place, "wrong") == "password_wrong");
        CHECK(login(place, "old") == "ok");
      });
}

TEST_CASE("S15 a change of password that meets any fault leaves the old one or the new one") {
  at_every_fault(
      "change of password",
      [](FaultyHouse& place) {
        prepare_password(place);
        return 0;
      },
      [](FaultyHouse& place, int&) {
        return place.house.auth().roles().passwords.change(id_of(kAlice), password_of("old"), password_of("new"),
                                                           by_http());
      },
      [](FaultyHouse& place, int&, const Status& changed) {
        if (!changed) CHECK(outcome(changed) == "storage_unavailable");
        const std::string with_old = login(place, "old");
        const std::string with_new = login(place, "new");
        CHECK(((with_old == "ok") != (with_new == "ok")));
        if (changed) CHECK(with_new == "ok");
      });
}
