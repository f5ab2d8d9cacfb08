// What an import says of what an earlier account or import has made, and of names that are no account's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/legacy_house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string revocation_of(const std::string& account) {
  return R"({"user_id":")" + account + R"(","reason":"stolen","revoked_at":"2026-01-02T03:04:05Z"})";
}

std::vector<std::string> reported(const accounts::LegacyImportSummary& summary) {
  std::vector<std::string> lines;
  for (const auto& report : summary.reports) {
    lines.push_back(report.account + " " + std::string(name_of(report.oddity)) + " " +
                    std::string(name_of(accounts::fate_of(report.oddity))) + " " + report.detail);
  }
  return lines;
}

}  // namespace

TEST_CASE("a dry run leaves out the second account of one key, as the real run does") {
  LegacyScratch folder;
  folder.take("grace");
  const std::string grace = legacy_person("grace").account;
  const std::string twin(64, 'f');
  folder.write(twin, records::AccountPart::certificate,
               legacy_text(kLegacyFolder, grace, records::AccountPart::certificate));
  folder.write(twin, records::AccountPart::revocation,
               legacy_text(kLegacyFolder, grace, records::AccountPart::revocation));
  House house;
  const auto dry = must(import_from(house, folder.path(), false, true));
  const auto real = must(import_from(house, folder.path()));
  CHECK(real.taken_over == 1);
  CHECK(real.left_out == 1);
  CHECK(dry.taken_over == real.taken_over);
  CHECK(dry.left_out == real.left_out);
  CHECK(reported(dry) == reported(real));
}

TEST_CASE("what the predecessor revoked since an import is reported at the next one, and changes nothing") {
  LegacyScratch folder;
  folder.take("grace");
  folder.take("Barbara");
  folder.take("leslie");  // revoked from the start
  const std::string grace = legacy_person("grace").account;
  const std::string barbara = legacy_person("Barbara").account;
  House house;
  CHECK(must(import_from(house, folder.path())).taken_over == 3);
  CHECK(must(import_from(house, folder.path())).reports.empty());
  folder.write(grace, records::AccountPart::revocation, revocation_of(grace));
  folder.write(barbara, records::AccountPart::revocation, "{");
  const auto before = contents_of(house.medium());
  std::vector<std::string> expected = {
      grace + " revoked_there present `countersign revoke " + grace + "` ends it here as well",
      barbara + " revocation_unreadable_there present `countersign revoke " + barbara + "` ends it here as well"};
  std::sort(expected.begin(), expected.end());
  for (const bool dry_run : {true, false}) {
    const auto again = must(import_from(house, folder.path(), false, dry_run));
    CHECK(again.present == 3);
    CHECK(reported(again) == expected);
    CHECK(contents_of(house.medium()) == before);
  }
  folder.erase(barbara, records::AccountPart::revocation);
  must(house.auth().roles().deletion.by_administrator(grace, by_hand()));
  CHECK(must(import_from(house, folder.path())).reports.empty());
}

TEST_CASE("S66 the name of a stray cannot forge a line") {
  LegacyScratch folder;
  std::ofstream(folder.users() / "x\n  look at each; or run: curl") << "x";
  std::ofstream(folder.users() / "\x1b[2J") << "x";
  House house;
  const auto refused = import_from(house, folder.path());
  REQUIRE(outcome(refused) == "legacy_folder_refused");
  CHECK(refused.error().detail ==
        "2 in 'users' that no account's file is:"
        "\n  '\\x1b[2J': no name of an account's file"
        "\n  'x\\x0a  look at each; or run: curl': no name of an account's file");
}
