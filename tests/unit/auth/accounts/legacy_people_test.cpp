// How people whom the predecessor knew get in after they were taken over, or do not.
#include <catch2/catch.hpp>

#include <map>

#include "auth/base/account_id.hpp"
#include "tests/support/legacy_house.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

proving::IssuedChallenge issue(House& house, const records::AccountName& name) {
  proving::ChallengeRequest request;
  request.name = name;
  return must(house.auth().roles().issuing.issue(request, by_http()));
}

// A hash as the predecessor made it.
std::string phc_of(std::string_view text) {
  passwords::PhcString phc;
  phc.parameters = {passwords::kMemoryKibMin, 1, 4};
  phc.salt = Bytes(passwords::kSaltBytes, 7);
  passwords::Arena arena;
  phc.tag = must(passwords::compute_argon2id({Secret(as_bytes(text)), phc.salt, phc.parameters, Secret()}, arena));
  return std::string(passwords::write_phc_string(phc).reveal_text());
}

}  // namespace

TEST_CASE("S20 a password that is not in its normal form logs in against either hash of the predecessor, once") {
  // As a keyboard that does not compose hands it over. The predecessor hashed what came.
  constexpr std::string_view kTyped = "Zu\xcc\x88rich cafe\xcc\x81", kComposed = "Z\xc3\xbcrich caf\xc3\xa9";
  House house;
  LegacyScratch folder;
  for (const char* const username : {"grace", "hedy"}) folder.take(username);
  const std::string newer = legacy_person("hedy").account, older = legacy_person("grace").account;
  folder.write(newer, records::AccountPart::password, phc_of(kTyped));
  folder.write(older, records::AccountPart::legacy_password, lthn(kTyped));
  CHECK(must(import_from(house, folder.path())).without_password == 0);
  for (const char* const username : {"grace", "hedy"}) {
    CAPTURE(username);
    CHECK(login(house, {username, ""}, "Zu\xcc\x88rich") == "password_wrong");
    REQUIRE(login(house, {username, ""}, kTyped) == "ok");
    CHECK(newest_audit(house).find("hash migrated") != std::string::npos);
    CHECK(login(house, {username, ""}, kComposed) == "ok");
    CHECK(login(house, {username, ""}, kTyped) == "ok");
    CHECK(newest_audit(house).find("hash") == std::string::npos);
  }
}

TEST_CASE("S13 S14 a torn hash is taken over without a password, with the older hash neither used nor kept") {
  House house;
  LegacyScratch folder;
  folder.take("Barbara");
  const std::string barbara = legacy_person("Barbara").account;
  const std::string hash = legacy_text(kLegacyFolder, barbara, records::AccountPart::password);
  folder.write(barbara, records::AccountPart::password, hash.substr(0, hash.size() - 1));
  const auto summary = must(import_from(house, folder.path()));
  CHECK(summary.taken_over == 1);
  CHECK(summary.without_password == 1);
  CHECK(login(house, "Barbara") == "password_unset");
  const auto contents = contents_of(house.medium());
  CHECK(!contents.contains(part_name(barbara, records::AccountPart::password)));
  CHECK(!contents.contains(part_name(barbara, records::AccountPart::legacy_password)));
  // An administrator gives one.
  must(house.auth().roles().passwords.set(id_of({"", barbara}), password_of("new"), by_hand()));
  CHECK(login(house, {"Barbara", ""}, "new") == "ok");
}

TEST_CASE("S33 an account without a readable revocation is denied until an administrator lets it in") {
  House house;
  LegacyScratch folder;
  folder.take("grace");
  folder.take("Barbara");
  const std::string grace = legacy_person("grace").account;
  folder.write(grace, records::AccountPart::revocation, "REVOCATION_PLACE");
  folder.erase(legacy_person("Barbara").account, records::AccountPart::revocation);
  const auto summary = must(import_from(house, folder.path()));
  CHECK(summary.denied == 2);
  CHECK(summary.revoked == 0);
  for (const char* const username : {"grace", "Barbara"}) {
    CAPTURE(username);
    CHECK(login(house, username) == "account_not_active");
    must(house.auth().roles().revocation.restore(legacy_person(username).account, "", by_hand()));
    CHECK(login(house, username) == "ok");
  }
}

TEST_CASE("S12 an account whose secret key lay open is denied, and its key is not kept") {
  House house;
  import_fixture(house);
  const std::string open = legacy_person("open").account;
  const auto contents = contents_of(house.medium());
  CHECK(!contents.contains(part_name(open, records::AccountPart::escrowed_key)));
  CHECK(must(records::parse_revocation(contents.at(part_name(open, records::AccountPart::revocation)))).reason ==
        "key_compromised");
  CHECK(!account_of(house, "open").managed);
  // With a key of their own they are let in again.
  const records::Account restored =
      must(house.auth().roles().revocation.restore(open, alice().certificate(), by_hand()));
  CHECK(restored.state == records::AccountState::active);
  CHECK(restored.fingerprint == alice().fingerprint());
}

TEST_CASE("a login that names an account by its id teaches no name, and none changes a name that is known") {
  House house;
  import_fixture(house);
  const LegacyPerson grace = legacy_person("grace");
  CHECK(login(house, {"", grace.account}, grace.password) == "ok");
  CHECK(account_of(house, "grace").username.empty());
  const auto opened = must(
      house.auth().roles().passwords.log_in(records::AccountName{"grace", ""}, password_of(grace.password), by_http()));
  CHECK(opened.session.username == "grace");
  CHECK(account_of(house, "grace").username == "grace");
  const auto before = contents_of(house.medium()).at(records::account_name(grace.account));
  CHECK(login(house, "grace") == "ok");
  CHECK(contents_of(house.medium()).at(records::account_name(grace.account)) == before);
}

TEST_CASE("a login by key brings the name where its challenge was asked for by name") {
  House house;
  house.add(alice());
  change_account(house, alice(),
                 [](records::Accounts&, storage::Batch&, records::Account& account) { account.username.clear(); });
  const auto named = [&] { return must(house.auth().roles().accounts.show(alice().account())).account.username; };
  const auto by_id = issue(house, {"", alice().account()});
  CHECK(must(house.auth().roles().login.redeem(house.answer(alice(), by_id), by_http()))
            .opened->session.username.empty());
  CHECK(named().empty());
  CHECK(house.log_in(alice()).session.username == "alice");
  CHECK(named() == "alice");
}

TEST_CASE("S28 a challenge by name is of one size for whoever is known, unknown or taken over without a name") {
  House house;
  house.add(alice());
  import_fixture(house);
  const auto sealed_size = [&](const std::string& username) {
    const auto issued = issue(house, {username, ""});
    return must(records::parse_statement(house.engine().sealed_in(issued.message).text)).challenge.size();
  };
  CHECK(sealed_size("grace") == sealed_size("alice"));
  CHECK(sealed_size("grace") == sealed_size("nobod"));
}

TEST_CASE("S50 an account that the predecessor revoked keeps no escrowed key, and one that is only denied does") {
  House house;
  LegacyScratch folder;
  folder.take("leslie");
  folder.take("grace");
  const LegacyPerson leslie = legacy_person("leslie");
  const std::string grace = legacy_person("grace").account;
  folder.write(grace, records::AccountPart::revocation, "{\"user_id\":");
  const auto summary = must(import_from(house, folder.path()));
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
