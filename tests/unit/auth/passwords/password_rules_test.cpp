// What decides whether a password is right and its hash good enough, one rule at a time.
#include <catch2/catch.hpp>

#include "auth/accounts/passwords.hpp"
#include "auth/base/account_id.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::string_view kRight = "correct horse";

std::string login(House& house, const Person& person, std::string_view password) {
  return outcome(
      house.auth().roles().passwords.log_in(records::AccountName{person.name(), ""}, password_of(password), by_http()));
}

std::string hash_of(House& house) {
  return contents_of(house.medium()).at(part_name(alice().account(), records::AccountPart::password));
}

}  // namespace

TEST_CASE("S14 removing a password erases a legacy hash from the medium") {
  House house;
  house.add(alice());
  plant(house, alice(), records::AccountPart::legacy_password, lthn(kRight));
  must(house.auth().roles().passwords.remove(id_of(records::AccountName{"alice", ""}), by_hand()));
  CHECK_FALSE(
      contents_of(house.medium()).contains(part_name(alice().account(), records::AccountPart::legacy_password)));
}

TEST_CASE("S19 a hash is renewed where any one of its parameters is below the policy") {
  for (const passwords::Argon2Parameters& stronger : {passwords::Argon2Parameters{2 * passwords::kMemoryKibMin, 1, 1},
                                                      {passwords::kMemoryKibMin, 2, 1},
                                                      {passwords::kMemoryKibMin, 1, 2}}) {
    House house;
    house.add(alice(), kRight);
    const std::string before = hash_of(house);
    house.settings.policies.password.parameters = stronger;
    must(house.restart());
    CHECK(login(house, alice(), kRight) == "ok");
    CAPTURE(stronger.memory_kib, stronger.passes, stronger.lanes);
    CHECK(hash_of(house) != before);
  }
}

TEST_CASE("S18 every byte of a tag counts") {
  HouseSettings settings;
  settings.policies.rate_limit = false;
  House house(settings, nullptr);
  house.add(alice(), kRight);
  const std::string right = hash_of(house);
  const passwords::PhcString phc = must(passwords::parse_phc_string(right));
  for (std::size_t at = 0; at < phc.tag.size(); ++at) {
    Bytes tag(phc.tag.reveal().begin(), phc.tag.reveal().end());
    tag[at] ^= 1;
    const passwords::PhcString other{phc.parameters, phc.salt, Secret(ByteView(tag))};
    plant(house, alice(), records::AccountPart::password, std::string(write_phc_string(other).reveal_text()));
    CAPTURE(at);
    CHECK(login(house, alice(), kRight) == "password_wrong");
  }
  plant(house, alice(), records::AccountPart::password, right);
  CHECK(login(house, alice(), kRight) == "ok");
}

TEST_CASE("S20 a password that was set in one normal form logs in in the other") {
  House house;
  house.add(alice(), "caf\u00e9");
  CHECK(login(house, alice(), "cafe\u0301") == "ok");
  house.add(bob(), "cafe\u0301");
  CHECK(login(house, bob(), "caf\u00e9") == "ok");
}
