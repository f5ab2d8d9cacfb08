#include "auth/accounts/legacy_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/house.hpp"
#include "tests/support/legacy.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// A folder with somebody in it, and a file elsewhere that nothing may read.
struct Place {
  Place() : ada(legacy_person("Ada Lovelace").account) { folder.take("Ada Lovelace"); }
  std::string why_of(const std::string& name) {
    const auto opened = must(accounts::LegacyFolder::open(folder.path()));
    for (const auto& stray : opened.strays()) {
      if (stray.name == name) return stray.why;
    }
    return "";
  }
  LegacyScratch folder;
  std::string ada;
};

}  // namespace

TEST_CASE("a folder of the predecessor is read as it is") {
  Place place;
  place.folder.take("grace");
  const auto opened = must(accounts::LegacyFolder::open(place.folder.path()));
  const std::string grace = legacy_person("grace").account;
  CHECK(opened.strays().empty());
  CHECK(opened.accounts() == std::vector{std::min(place.ada, grace), std::max(place.ada, grace)});
  const auto files = must(opened.read(grace));
  CHECK(files.size() == 5);
  CHECK(!files.contains(records::AccountPart::password));
  CHECK(files.at(records::AccountPart::legacy_password).reveal_text().size() == 64);
  CHECK(must(opened.read(legacy_person("hedy").account)).empty());
}

TEST_CASE("names that are no account's files are strays of the predecessor's folder") {
  Place place;
  std::string upper = place.ada;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const std::string& name :
       {std::string("README"), place.ada, place.ada + ".", place.ada + ".pub~", place.ada + ".account",
        place.ada + ".seen", upper + ".pub", place.ada.substr(1) + ".pub", "0" + place.ada + ".pub",
        std::string(".hidden"), std::string("\xff\x1b[2J")}) {
    std::ofstream(place.folder.users() / name) << "x";
    CAPTURE(name);
    CHECK(place.why_of(name) == "no name of an account's file");
  }
  const auto opened = must(accounts::LegacyFolder::open(place.folder.path()));
  CHECK(opened.strays().size() == 11);
  CHECK(opened.accounts() == std::vector{place.ada});
}

TEST_CASE("S23 nothing in the predecessor's folder is followed, and what is no plain file is never opened") {
  Place place;
  const std::string grace = legacy_person("grace").account;
  const auto name_of_part = [&](records::AccountPart part) {
    return place.folder.file(grace, part).filename().string();
  };
  const fs::path elsewhere = fs::path(place.folder.path()) / "elsewhere";
  std::ofstream(elsewhere) << "secret";
  fs::create_symlink(elsewhere, place.folder.file(grace, records::AccountPart::certificate));
  fs::create_symlink("/nowhere", place.folder.file(grace, records::AccountPart::revocation));
  REQUIRE(::mkfifo(place.folder.file(grace, records::AccountPart::password).c_str(), 0600) == 0);
  fs::create_directory(place.folder.file(grace, records::AccountPart::metadata));
  fs::create_hard_link(elsewhere, place.folder.file(grace, records::AccountPart::legacy_password));
  std::ofstream(place.folder.file(grace, records::AccountPart::escrowed_key))
      << std::string(accounts::kLegacyFileBytesMax + 1, 'x');
  CHECK(place.why_of(name_of_part(records::AccountPart::certificate)) == "a link");
  CHECK(place.why_of(name_of_part(records::AccountPart::revocation)) == "a link");
  CHECK(place.why_of(name_of_part(records::AccountPart::password)) == "not a regular file");
  CHECK(place.why_of(name_of_part(records::AccountPart::metadata)) == "not a regular file");
  CHECK(place.why_of(name_of_part(records::AccountPart::legacy_password)) == "a file with a second name (hard link)");
  CHECK(place.why_of(name_of_part(records::AccountPart::escrowed_key)) == "over 128 KiB");
  // There, and nobody can read it: never as if it were absent.
  const auto files = must(must(accounts::LegacyFolder::open(place.folder.path())).read(grace));
  CHECK(files.size() == 6);
  for (const auto& [part, text] : files) CHECK(text.empty());
}

TEST_CASE("a file that becomes a link after the look is not followed either") {
  Place place;
  const auto opened = must(accounts::LegacyFolder::open(place.folder.path()));
  const fs::path elsewhere = fs::path(place.folder.path()) / "elsewhere";
  std::ofstream(elsewhere) << "secret";
  place.folder.erase(place.ada, records::AccountPart::password);
  fs::create_symlink(elsewhere, place.folder.file(place.ada, records::AccountPart::password));
  CHECK(outcome(opened.read(place.ada)) == "file_refused");
  place.folder.erase(place.ada, records::AccountPart::password);
  REQUIRE(::mkfifo(place.folder.file(place.ada, records::AccountPart::password).c_str(), 0600) == 0);
  CHECK(outcome(opened.read(place.ada)) == "file_refused");
  place.folder.erase(place.ada, records::AccountPart::password);
  CHECK(outcome(opened.read(place.ada)) == "file_refused");
}

TEST_CASE("a folder of the predecessor that is none, or cannot be read, is refused as a whole") {
  ScratchFolder scratch;
  CHECK(outcome(accounts::LegacyFolder::open((scratch.path() / "nowhere").string())) == "file_refused");
  CHECK(outcome(accounts::LegacyFolder::open(scratch.path().string())) == "file_refused");
  std::ofstream(scratch.path() / "users") << "x";
  CHECK(outcome(accounts::LegacyFolder::open(scratch.path().string())) == "file_refused");
  CHECK(outcome(accounts::LegacyFolder::open((scratch.path() / "users").string())) == "file_refused");
  fs::remove(scratch.path() / "users");
  Place place;
  fs::create_symlink(place.folder.users(), scratch.path() / "users");
  const auto linked = accounts::LegacyFolder::open(scratch.path().string());
  REQUIRE(outcome(linked) == "file_refused");
  CHECK(linked.error().detail.find("name the folder in which the real 'users' lies") != std::string::npos);
}

TEST_CASE("a file of the predecessor that may not be read refuses the whole folder") {
  Place place;
  fs::permissions(place.folder.path(), fs::perms(0755));
  fs::permissions(place.folder.file(place.ada, records::AccountPart::password), fs::perms::none);
  // Root reads what has mode 000, so a child looks who is not.
  const auto look = [&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 3;
    const auto opened = accounts::LegacyFolder::open(place.folder.path());
    return !opened && opened.error().code == ErrorCode::file_refused ? 0 : 1;
  };
  CHECK(wait_for(in_child(look)) == 0);
  fs::permissions(place.folder.file(place.ada, records::AccountPart::password), fs::perms(0644));
  CHECK(wait_for(in_child(look)) == 1);
}
