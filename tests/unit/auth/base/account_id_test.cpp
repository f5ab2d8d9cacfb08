#include "auth/base/account_id.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "auth/records/accounts.hpp"
#include "storage/base/json.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kId = "e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4";

Json vectors() {
  std::ifstream in(std::string(COUNTERSIGN_FIXTURES) + "/vectors/lthn.json");
  std::stringstream text;
  text << in.rdbuf();
  return must(parse_json(text.str()));
}

}  // namespace

TEST_CASE("account ids are those of the predecessor") {
  const Json json = vectors();
  const Json* hashes = json.find("hashes");
  REQUIRE(hashes != nullptr);
  REQUIRE(hashes->members()->size() >= 15);
  for (const auto& [name, hash] : *hashes->members()) {
    CAPTURE(name);
    CHECK(lthn(name) == *hash.string());
  }
}

TEST_CASE("a username of the profile is taken") {
  for (const char* name : {"a", "alice", "Alice", "alice.b-c_d@example.org", "caf\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC",
                           "two words", "\xF0\x9F\x98\x80"}) {
    CAPTURE(name);
    CHECK(outcome(check_username(name)) == "ok");
  }
  CHECK(check_username(std::string(128, 'a')));
}

TEST_CASE("S29 a username outside the profile is refused") {
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"empty", ""},
      {"129 bytes", std::string(129, 'a')},
      {"10000 bytes", std::string(10'000, 'a')},
      {"not UTF-8", "al\xFFice"},
      {"a cut-off sequence", "caf\xC3"},
      {"an overlong form", "a\xC0\x80"},
      {"a surrogate", "a\xED\xA0\x80"},
      {"not in form C", "cafe\xCC\x81"},
      {"a line end", "alice\nbob"},
      {"a NUL", std::string("alice\0bob", 9)},
      {"a DEL", "alice\x7F"},
      {"a C1 control", "alice\xC2\x85"},
      {"a leading blank", " alice"},
      {"a trailing blank", "alice "},
      {"a no-break space at the end", "alice\xC2\xA0"},
      {"an ideographic space at the start",
       "\xE3\x80\x80"
       "alice"},
      {"a zero-width joiner", "al\xE2\x80\x8Dice"},
      {"a right-to-left override",
       "al\xE2\x80\xAE"
       "ice"},
      {"a line separator", "al\xE2\x80\xA8ice"},
      {"the form of an account id", kId},
  };
  for (const auto& [why, name] : refused) {
    CAPTURE(why);
    CHECK(outcome(check_username(name)) == "malformed_username");
  }
}

TEST_CASE("only a new username refuses upper-case letters") {
  CHECK(outcome(check_new_username("Alice")) == "malformed_username");
  CHECK(outcome(check_new_username("alicE")) == "malformed_username");
  CHECK(outcome(check_new_username("\xC3\x89mile")) == "ok");  // beyond ASCII nothing is folded
  CHECK(outcome(check_username("Alice")) == "ok");
}

TEST_CASE("S24 the server's name is reserved by name and never reaches an id") {
  CHECK(outcome(check_new_username("server")) == "account_reserved");
  CHECK(outcome(check_new_username("servers")) == "ok");
  CHECK(account_id_of("server") == "6de4d163fea387ff61ab806d89792c6f863613cb726bf0e0fde2cf6dfc288216");
  CHECK(outcome(check_new_username(account_id_of("server"))) == "malformed_username");

  House house;
  CHECK(outcome(house.auth().roles().enrolment.add({"server", alice().certificate(), false}, by_hand())) ==
        "account_reserved");
  proving::ChallengeRequest request;
  request.name.username = "server";
  request.purpose = records::Purpose::enrol;
  request.public_key = alice().certificate();
  CHECK(outcome(house.auth().roles().issuing.issue(request, by_hand())) == "account_reserved");
}

TEST_CASE("S23 an account id is 64 lower-case hex digits before it becomes part of a name") {
  CHECK(outcome(check_account_id(kId)) == "ok");
  for (const std::string& id :
       {std::string(), kId.substr(1), kId + "0", "E" + kId.substr(1), "g" + kId.substr(1), "../" + kId.substr(3),
        kId.substr(0, 63) + "/", kId.substr(0, 63) + std::string(1, '\0'), kId.substr(0, 63) + "\n"}) {
    CAPTURE(id);
    CHECK(outcome(check_account_id(id)) == "malformed_account_id");
  }
}

TEST_CASE("an account is named by username or by id and not by both") {
  CHECK(must(records::resolve({"alice", ""})) == kId);
  CHECK(must(records::resolve({"", kId})) == kId);
  CHECK(outcome(records::resolve({"alice", kId})) == "malformed_message");
  CHECK(outcome(records::resolve({"", ""})) == "malformed_message");
  CHECK(outcome(records::resolve({"", "alice"})) == "malformed_account_id");
  CHECK(outcome(records::resolve({kId, ""})) == "malformed_username");
}
