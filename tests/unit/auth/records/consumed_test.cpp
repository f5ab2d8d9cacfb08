#include "auth/records/consumed.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("the record of a redeemed challenge is read as it was written, and nothing that is not one") {
  for (const char* grant : {"", "-----BEGIN PGP MESSAGE-----"}) {
    const Json json = records::write_consumed({kNoon, grant});
    const auto read = must(records::parse_consumed(json));
    CHECK(read.keep_until == kNoon);
    CHECK(read.grant == grant);
  }
  const auto verdict = [](Json json) { return outcome(records::parse_consumed(json)); };
  const Json good = records::write_consumed({kNoon, ""});
  CHECK(verdict(Json(good).set("later", 1)) == "record_unreadable");
  CHECK(verdict(Json::object().set("version", 1)) == "record_unreadable");
  CHECK(verdict(Json::object().set("version", 2).set("keep_until", format_time(kNoon))) == "record_unreadable");
  CHECK(verdict(Json::object().set("version", 1).set("keep_until", "noon")) == "record_unreadable");
  CHECK(verdict(Json(good).set("grant", 1)) == "record_unreadable");
}

TEST_CASE("what a login waits for is read as it was written, and a code opens it three times at most") {
  const records::WaitingLogin waiting{alice().account(), alice().fingerprint(), 7, kNoon, 2};
  const Json json = records::write_consumed({kNoon, "", waiting});
  const auto read = must(records::parse_consumed(json)).waiting;
  REQUIRE(read);
  CHECK(read->account == waiting.account);
  CHECK(read->key == waiting.key);
  CHECK(read->epoch == 7);
  CHECK(read->expires_at == kNoon);
  CHECK(read->wrong_codes == 2);
  for (const char* member : {"account", "key", "epoch", "expires_at", "wrong_codes"}) {
    Json less = *json.find("waiting");
    less.erase(member);
    CHECK(outcome(records::parse_consumed(Json(json).set("waiting", less))) == "record_unreadable");
  }
  const Instant before = kNoon - Seconds(1);
  records::WaitingLogin tried = waiting;
  CHECK(outcome(judge_code(tried, "12345678", "12345678", before)) == "ok");
  CHECK(outcome(judge_code(tried, "12345678", "12345678", kNoon)) == "challenge_expired");
  for (const char* wrong : {"", "1234567", "123456780", "12345679"}) {
    CHECK(outcome(judge_code(tried, "12345678", wrong, before)) == "challenge_invalid");
  }
  tried.wrong_codes = 3;
  CHECK(outcome(judge_code(tried, "12345678", "12345678", before)) == "challenge_consumed");
}

TEST_CASE("a challenge is consumed once, and its record kept for a while behind its end") {
  House house;
  const auto issued = house.challenge_for(alice(), records::Purpose::login, records::Transport::courier);
  const std::string text = seal_challenge(issued, house.secrets().newest_seal_key()).text;
  const auto opened = must(records::open_challenge(text, house.secrets()));
  const auto consume = [&] {
    storage::Batch batch;
    stage_consumed(batch, house.seal(), opened, "a grant");
    return outcome(house.medium().commit(batch));
  };
  const auto find = [&] { return must(records::find_consumed(house.medium(), house.seal(), opened.sealed.tag)); };
  CHECK_FALSE(find());
  CHECK(consume() == "ok");
  REQUIRE(find());
  CHECK(find()->keep_until == issued.expires_at + records::kConsumedKeptAfterExpiry);
  CHECK(find()->grant == "a grant");
  CHECK(consume() == "conflict");
}
