#include "auth/client/gpg_conf.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::auth::client;

namespace {

using Numbers = std::vector<std::size_t>;

Numbers numbers_of(std::string_view conf, KeyTask task) {
  Numbers numbers;
  for (const ConfLine& line : lines_in_the_way(conf, task)) numbers.push_back(line.number);
  return numbers;
}

}  // namespace

TEST_CASE("a line of gpg.conf is in the way of what it changes and of nothing else") {
  constexpr std::string_view kConf =
      "# skip-hidden-recipients\n"
      "\n"
      "\t skip-hidden-recipients \r\n"
      "--local-user other\n"
      "output=/tmp/x\n"
      "armor\n"
      "skip-hidden\n"
      "list-only";
  CHECK(numbers_of(kConf, KeyTask::opening) == Numbers{3, 5, 8});
  CHECK(numbers_of(kConf, KeyTask::signing) == Numbers{4, 5});
  const auto first = lines_in_the_way(kConf, KeyTask::opening).front();
  CHECK(first.text == "skip-hidden-recipients");
  CHECK(first.effect == "passes over messages that name no key, as challenges do");
  CHECK(numbers_of("", KeyTask::opening).empty());
}

TEST_CASE("an option of gpg.conf that can be harmless is named for what it is given alone") {
  const auto in_the_way = [](const std::string& line) { return !numbers_of(line, KeyTask::signing).empty(); };
  CHECK_FALSE(in_the_way("digest-algo SHA512"));
  CHECK_FALSE(in_the_way("digest-algo = sha256"));
  CHECK(in_the_way("digest-algo SHA1"));
  CHECK(in_the_way("digest-algo RIPEMD160"));
  CHECK_FALSE(in_the_way("personal-digest-preferences SHA512  SHA384 SHA256"));
  CHECK(in_the_way("personal-digest-preferences SHA512 SHA224"));
  CHECK_FALSE(in_the_way("sig-notation a@example.org=b"));
  CHECK(in_the_way("sig-notation !a@example.org=b"));
  CHECK(in_the_way("set-notation !a@example.org=b"));
  CHECK_FALSE(in_the_way("pinentry-mode ask"));
  CHECK_FALSE(in_the_way("pinentry-mode default"));
  CHECK(in_the_way("pinentry-mode loopback"));
  CHECK_FALSE(in_the_way("compliance gnupg"));
  CHECK(in_the_way("compliance de-vs"));
}

TEST_CASE("the gpg.conf of the exact version goes before that of a shorter one") {
  const test::ScratchFolder home;
  const auto name = [&](std::string_view version) { return conf_file(home.path(), version).filename().string(); };
  const auto make = [&](const char* file) { std::ofstream(home.path() / file) << "armor\n"; };
  CHECK(name("2.2.40").empty());
  make("gpg.conf");
  CHECK(name("2.2.40") == "gpg.conf");
  CHECK(name("") == "gpg.conf");
  make("gpg.conf-2");
  CHECK(name("2.2.40") == "gpg.conf-2");
  CHECK(name("3.0.1") == "gpg.conf");
  make("gpg.conf-2.2");
  make("gpg.conf-2.2.4");
  CHECK(name("2.2.40") == "gpg.conf-2.2");
  make("gpg.conf-2.2.40");
  CHECK(name("2.2.40") == "gpg.conf-2.2.40");
}
