// What becomes of the key of an account that the predecessor revoked.
#include <catch2/catch.hpp>

#include "auth/accounts/legacy_import.hpp"
#include "tests/support/house.hpp"
#include "tests/support/legacy.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("S50 an account that the predecessor revoked keeps no escrowed key, and one that is only denied does") {
  House house;
  LegacyScratch folder;
  folder.take("leslie");
  folder.take("grace");
  const LegacyPerson leslie = legacy_person("leslie");
  const std::string grace = legacy_person("grace").account;
  folder.write(grace, records::AccountPart::revocation, "{\"user_id\":");
  const auto summary = must(house.auth().roles().legacy_import.run({folder.path()}, {}, by_hand()));
  CHECK(summary.revoked == 1);
  CHECK(summary.denied == 1);
  std::map<std::string, std::string> told;
  for (const accounts::LegacyReport& report : summary.reports) told[report.account] += name_of(report.oddity);
  CHECK(told == std::map<std::string, std::string>{{leslie.account, "secret_key_of_revoked"},
                                                   {grace, "revocation_unreadable"}});
  const auto contents = contents_of(house.medium());
  CHECK_FALSE(contents.contains(part_name(leslie.account, records::AccountPart::escrowed_key)));
  CHECK_FALSE(must(house.auth().roles().accounts.show(leslie.account))
                  .account.parts.contains(records::AccountPart::escrowed_key));
  CHECK(contents.contains(part_name(grace, records::AccountPart::escrowed_key)));
  // As after a revocation here: let in again, the password makes another key.
  must(house.auth().roles().revocation.restore(leslie.account, "", by_hand()));
  const records::AccountName name{"leslie", ""};
  CHECK(outcome(house.auth().roles().escrow.by_password(id_of(name), password_of(leslie.password), by_http())) != "ok");
  CHECK(outcome(house.auth().roles().rotation.by_password(id_of(name), password_of(leslie.password),
                                                          password_of("next"), by_http())) == "ok");
}
