#include "auth/passwords/legacy_hash.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "auth/base/account_id.hpp"
#include "storage/base/json.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("S21 a legacy hash verifies its password and no other") {
  std::ifstream in(std::string(COUNTERSIGN_FIXTURES) + "/vectors/lthn.json");
  std::stringstream text;
  text << in.rdbuf();
  const Json vectors = must(parse_json(text.str()));
  int verified = 0;
  for (const auto& [password, hash] : *vectors.find("hashes")->members()) {
    if (password.empty()) continue;  // no password, so nothing to verify
    CAPTURE(password);
    const passwords::LegacyHash legacy = must(passwords::LegacyHash::parse(*hash.string()));
    CHECK(outcome(legacy.verify(password_of(password))) == "ok");
    CHECK(outcome(legacy.verify(password_of(password + "x"))) == "password_wrong");
    ++verified;
  }
  CHECK(verified >= 10);
}

TEST_CASE("S21 every digit of a legacy hash counts") {
  const std::string hash = lthn("hunter2");
  for (std::size_t at = 0; at < hash.size(); ++at) {
    std::string changed = hash;
    changed[at] = changed[at] == '0' ? '1' : '0';
    CAPTURE(at);
    CHECK(outcome(must(passwords::LegacyHash::parse(changed)).verify(password_of("hunter2"))) == "password_wrong");
  }
}

TEST_CASE("a legacy hash is of the password as it was typed or of its normal form") {
  const passwords::LegacyHash as_typed = must(passwords::LegacyHash::parse(lthn("cafe\xcc\x81")));
  CHECK(outcome(as_typed.verify(password_of("cafe\xcc\x81"))) == "ok");
  const passwords::LegacyHash as_normal = must(passwords::LegacyHash::parse(lthn("caf\xc3\xa9")));
  CHECK(outcome(as_normal.verify(password_of("cafe\xcc\x81"))) == "ok");
  CHECK(outcome(as_normal.verify(password_of("cafe"))) == "password_wrong");
}

TEST_CASE("S13 a legacy hash is 64 lower-case hex digits and nothing else") {
  const std::string hash = lthn("hunter2");
  CHECK(outcome(passwords::LegacyHash::parse(hash)) == "ok");
  for (const std::string& other : {std::string(), hash + "\n", hash.substr(1), " " + hash, hash + "0",
                                   std::string("A") + hash.substr(1), std::string("g") + hash.substr(1)}) {
    CHECK(outcome(passwords::LegacyHash::parse(other)) == "record_unreadable");
  }
}
