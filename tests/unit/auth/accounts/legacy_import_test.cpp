// Accounts of the predecessor, taken over into a whole house.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "auth/base/account_id.hpp"
#include "auth/records/revocation_record.hpp"
#include "tests/support/legacy_house.hpp"
#include "tests/support/openpgp_vector.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::vector<std::string> oddities_of(const accounts::LegacyImportSummary& summary, const std::string& account) {
  std::vector<std::string> names;
  for (const auto& report : summary.reports) {
    if (report.account == account) names.emplace_back(name_of(report.oddity));
  }
  return names;
}

std::vector<std::string> oddities_of_person(const accounts::LegacyImportSummary& summary, std::string_view username) {
  return oddities_of(summary, legacy_person(username).account);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder that the Go libraries wrote is taken over, and its people log in with their passwords") {
  House house;
  const accounts::LegacyImportSummary summary = import_fixture(house);
  CHECK(summary.found == 7);
  CHECK(summary.taken_over == 6);
  CHECK(summary.left_out == 1);
  CHECK(summary.present == 0);
  CHECK(summary.revoked == 1);
  CHECK(summary.denied == 1);
  CHECK(summary.without_password == 0);
  CHECK(oddities_of_person(summary, "Ada Lovelace").empty());
  CHECK(oddities_of_person(summary, "hedy").empty());
  CHECK(oddities_of_person(summary, "leslie") == Names{"secret_key_of_revoked"});
  CHECK(oddities_of_person(summary, "Barbara") == Names{"legacy_password_dropped"});
  CHECK(oddities_of_person(summary, "open") == Names{"secret_key_unprotected"});
  CHECK(oddities_of_person(summary, "server") == Names{"server_account"});
  for (const char* const username : {"Ada Lovelace", "grace", "Barbara", "hedy"}) {
    CAPTURE(username);
    CHECK(login(house, {username, ""}, "wrong") == "password_wrong");
    CHECK(login(house, username) == "ok");
    const records::Account account = account_of(house, username);
    CHECK(account.username == username);
    CHECK(account.managed);
    CHECK(account.encryption_algorithm == "rsa2048");
    CHECK(password_scheme_of(account) == records::PasswordScheme::argon2id);
  }
  CHECK(login(house, "leslie") == "account_not_active");
  CHECK(login(house, {"open", ""}, "x") == "account_not_active");
  CHECK(must(house.auth().roles().accounts.list("", 100)).size() == 6);
}

TEST_CASE("importing twice is importing once, also after the first login and a deletion") {
  House house;
  import_fixture(house);
  const auto before = contents_of(house.medium());
  const accounts::LegacyImportSummary again = import_fixture(house);
  CHECK(again.taken_over == 0);
  CHECK(again.present == 6);
  CHECK(contents_of(house.medium()) == before);
  REQUIRE(login(house, "grace") == "ok");
  must(house.auth().roles().deletion.by_administrator(legacy_person("hedy").account, by_hand()));
  const auto later = contents_of(house.medium());
  CHECK(import_fixture(house).present == 6);
  CHECK(contents_of(house.medium()) == later);
  CHECK(login(house, "hedy") == "account_not_active");
}

TEST_CASE("a dry run of the import judges everything and changes nothing") {
  House house;
  const auto before = contents_of(house.medium());
  const auto summary = must(import_from(house, legacy_fixture(kLegacyFolder).string(), false, true));
  CHECK(summary.taken_over == 6);
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S34 a revocation of the predecessor is taken over as a record of this server, with its own time and words") {
  House house;
  import_fixture(house);
  const std::string leslie = legacy_person("leslie").account;
  const auto record = must(
      records::parse_revocation(contents_of(house.medium()).at(part_name(leslie, records::AccountPart::revocation))));
  CHECK(record.account == leslie);
  CHECK(record.fingerprint == account_of(house, "leslie").fingerprint);
  CHECK(record.reason == "unspecified");
  CHECK(record.note == "laptop stolen on the train");
  CHECK(format_time(record.revoked_at) == "2026-01-02T03:04:05Z");
  CHECK(record.by == "import");
  CHECK(!record.signature.empty());
  LegacyScratch folder;
  folder.take("grace");
  const std::string grace = legacy_person("grace").account;
  folder.write(grace, records::AccountPart::revocation,
               R"({"user_id":")" + grace + R"(","reason":"key_compromised","revoked_at":"2026-01-02T03:04:05Z"})");
  House other;
  must(import_from(other, folder.path()));
  const auto known = must(
      records::parse_revocation(contents_of(other.medium()).at(part_name(grace, records::AccountPart::revocation))));
  CHECK(known.reason == "key_compromised");
  CHECK(known.note.empty());
  // Free text goes as far as a note does, and moves no cursor.
  folder.write(grace, records::AccountPart::revocation,
               R"({"user_id":")" + grace + R"(","reason":"\u001b[2J)" + std::string(1000, 'x') +
                   R"(","revoked_at":"2026-01-02T03:04:05Z"})");
  House third;
  must(import_from(third, folder.path()));
  const auto cut = must(
      records::parse_revocation(contents_of(third.medium()).at(part_name(grace, records::AccountPart::revocation))));
  CHECK(cut.note.starts_with("\\x1b[2Jxxx"));
  CHECK(cut.note.ends_with("..."));
}

TEST_CASE("a protected secret key is kept in escrow as it was") {
  House house;
  import_fixture(house);
  const std::string ada = legacy_person("Ada Lovelace").account;
  CHECK(contents_of(house.medium()).at(part_name(ada, records::AccountPart::escrowed_key)) ==
        legacy_text(kLegacyFolder, ada, records::AccountPart::escrowed_key));
}

TEST_CASE("S22 the predecessor's metadata, which held the hash, is made anew and never copied") {
  House house;
  import_fixture(house);
  const std::string ada = legacy_person("Ada Lovelace").account;
  const auto metadata = [&] { return contents_of(house.medium()).at(part_name(ada, records::AccountPart::metadata)); };
  CHECK(metadata() != legacy_text(kLegacyFolder, ada, records::AccountPart::metadata));
  const std::string fingerprint = account_of(house, "Ada Lovelace").fingerprint.upper();
  CHECK(house.engine().sealed_in(metadata()).text.find("\"fingerprint\":\"" + fingerprint) != std::string::npos);
  CHECK(house.engine().sealed_in(metadata()).text.find("argon2") == std::string::npos);
  // The name that the first login brings is in it once the upkeep has passed by.
  REQUIRE(login(house, "Ada Lovelace") == "ok");
  must(house.auth().maintain());
  CHECK(house.engine().sealed_in(metadata()).text.find("\"username\":\"Ada Lovelace\"") != std::string::npos);
}

TEST_CASE("a rotation of the predecessor that stopped anywhere is taken over with what fits together") {
  const LegacyPerson hedy = legacy_person("hedy");
  const std::vector<records::AccountPart> order = {records::AccountPart::certificate,
                                                   records::AccountPart::escrowed_key, records::AccountPart::metadata,
                                                   records::AccountPart::password};
  for (std::size_t written = 0; written <= order.size(); ++written) {
    for (const bool torn : {false, true}) {
      if (torn && written == order.size()) continue;
      CAPTURE(written, torn);
      LegacyScratch folder;
      folder.take("hedy", kBeforeRotation);
      for (std::size_t i = 0; i < written; ++i) {
        folder.write(hedy.account, order[i], legacy_text(kLegacyFolder, hedy.account, order[i]));
      }
      if (torn) {
        const std::string text = legacy_text(kLegacyFolder, hedy.account, order[written]);
        folder.write(hedy.account, order[written], text.substr(0, text.size() / 2));
      }
      House house;
      const auto summary = must(import_from(house, folder.path()));
      if (torn && order[written] == records::AccountPart::certificate) {
        CHECK(oddities_of(summary, hedy.account) == Names{"certificate_refused"});
        continue;
      }
      const bool key_torn = torn && order[written] == records::AccountPart::escrowed_key;
      const bool hash_torn = torn && order[written] == records::AccountPart::password;
      const bool key_is_new = written >= 2;
      CHECK(account_of(house, "hedy").managed == (!key_torn && (written == 0 || key_is_new)));
      CHECK(summary.denied == (key_torn ? 1 : 0));
      if (key_torn) must(house.auth().roles().revocation.restore(hedy.account, "", by_hand()));
      const std::string with_old = login(house, {"hedy", ""}, "frequency");
      const std::string with_new = login(house, {"hedy", ""}, hedy.password);
      CHECK((with_old == "ok") == (!hash_torn && written < 4));
      CHECK((with_new == "ok") == (!hash_torn && written == 4));
    }
  }
}

TEST_CASE("a key that another account has, or had, and a name with another key are reported and change nothing") {
  House house;
  LegacyScratch folder;
  const std::string grace = legacy_person("grace").account;
  const std::string ada = legacy_person("Ada Lovelace").account;
  const std::string certificate = legacy_text(kLegacyFolder, ada, records::AccountPart::certificate);
  folder.take("grace");
  folder.write(grace, records::AccountPart::certificate, alice().certificate());
  folder.take("Ada Lovelace");
  folder.write(bob().account(), records::AccountPart::certificate, certificate);
  house.add(alice());
  must(house.auth().roles().enrolment.add({bob().name(), bob().certificate()}, by_hand()));
  const auto before = contents_of(house.medium());
  folder.erase(ada, records::AccountPart::certificate);
  const auto summary = must(import_from(house, folder.path()));
  CHECK(oddities_of(summary, grace) == Names{"key_taken"});
  CHECK(oddities_of(summary, bob().account()) == Names{"name_taken"});
  CHECK(oddities_of(summary, ada) == Names{"certificate_missing"});
  CHECK(summary.left_out == 3);
  CHECK(contents_of(house.medium()) == before);
  // The server's own key as somebody's would answer for them.
  const auto identity = house.auth().roles().identity.certificates();
  folder.write(grace, records::AccountPart::certificate, identity.front().armored);
  CHECK(oddities_of(must(import_from(house, folder.path())), grace) == Names{"key_taken"});
}

TEST_CASE("a certificate that the policy or the gate refuses is reported with the reason") {
  House house;
  const std::string grace = legacy_person("grace").account;
  std::size_t refused = 0;
  for (const auto& vector : read_certificate_vectors()) {
    const std::set<std::string> wanted = {"gpg-rsa1024", "gpg-revoked", "gpg-expired", "gpg-two-certificates"};
    if (!wanted.contains(vector.name)) continue;
    CAPTURE(vector.name);
    ++refused;
    LegacyScratch folder;
    folder.take("grace");
    folder.write(grace, records::AccountPart::certificate, vector.text);
    const auto summary = must(import_from(house, folder.path()));
    REQUIRE(summary.reports.size() == 1);
    CHECK(oddities_of(summary, grace) == Names{"certificate_refused"});
    CHECK(!summary.reports.front().detail.empty());
  }
  CHECK(refused == 4);
  CHECK(must(house.auth().roles().accounts.list("", 10)).empty());
}

TEST_CASE("a folder with strays is refused with their names before anything is taken over, unless they are skipped") {
  House house;
  LegacyScratch folder;
  folder.take("grace");
  folder.take("Barbara");
  const std::string barbara = legacy_person("Barbara").account;
  std::ofstream(folder.users() / "notes.txt") << "x";
  folder.erase(barbara, records::AccountPart::password);
  std::filesystem::create_symlink("/etc/hostname", folder.file(barbara, records::AccountPart::password));
  const auto before = contents_of(house.medium());
  const auto refused = import_from(house, folder.path());
  REQUIRE(outcome(refused) == "legacy_folder_refused");
  CHECK(face_of(refused.error().code) == Face::malformed);
  CHECK(refused.error().detail.find("'notes.txt': no name of an account's file") != std::string::npos);
  CHECK(refused.error().detail.find(".hash': a link") != std::string::npos);
  CHECK(contents_of(house.medium()) == before);
  const auto summary = must(import_from(house, folder.path(), true));
  CHECK(summary.strays.size() == 2);
  CHECK(summary.taken_over == 2);
  // A link in the place of a hash is a hash that nobody can read: the older one does not take its place.
  CHECK(oddities_of(summary, barbara) == Names{"password_unreadable"});
  CHECK(login(house, "Barbara") == "password_unset");
}

TEST_CASE("an engine out of order ends the import without an account, and the next run goes on") {
  House house;
  house.engine().break_down(true);
  const auto before = contents_of(house.medium());
  CHECK(outcome(import_from(house, legacy_fixture(kLegacyFolder).string())) == "openpgp_unavailable");
  CHECK(contents_of(house.medium()) == before);
  house.engine().break_down(false);
  CHECK(import_fixture(house).taken_over == 6);
}

TEST_CASE("the import reports its progress account by account and writes one decision for each it takes over") {
  House house;
  std::string done;
  const auto note = [&](std::int64_t now, std::int64_t all) { done += fmt::format("{}/{} ", now, all); };
  must(house.auth().roles().legacy_import.run({legacy_fixture(kLegacyFolder).string()}, note, by_hand()));
  CHECK(done == "1/7 2/7 3/7 4/7 5/7 6/7 7/7 ");
  std::map<std::string, std::string> details;
  for (const auto& record : must(house.auth().roles().audit.list("", 0, 100))) {
    if (record.decision == "account_imported") details[record.entry.account] = record.entry.detail;
  }
  CHECK(details.size() == 6);
  CHECK(details.at(legacy_person("leslie").account) == "revoked secret_key_of_revoked");
  CHECK(details.at(legacy_person("open").account) == "secret_key_unprotected");
}
