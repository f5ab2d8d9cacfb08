#include "auth/records/login_attempt.hpp"

#include "auth/records/sealed_challenge.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::records;
using namespace countersign::test;

namespace {

const Instant kNow = parse_time("2026-11-21T17:20:00Z").value();
const std::string kTag(32, 'a');

LoginAttempt attempt_of(const Secret& browser) {
  LoginAttempt attempt;
  attempt.issued_at = kNow;
  attempt.expires_at = kNow + Seconds(300);
  attempt.random.fill(7);
  attempt.challenge_tag = kTag;
  attempt.owner = mark_of(browser);
  attempt.username = "zoë";
  attempt.browser = "192.0.2.9, Firefox on Linux";
  return attempt;
}

}  // namespace

TEST_CASE("an attempt opens as it was sealed, under the same secrets, and changed nowhere") {
  House house;
  const Secret browser = must(make_browser_secret(house.rng));
  CHECK(check_browser_secret(browser.reveal_text()));
  const std::string sealed = seal_attempt(attempt_of(browser), house.secrets().newest_seal_key());
  const LoginAttempt opened = must(open_attempt(sealed, house.secrets()));
  CHECK(opened.issued_at == kNow);
  CHECK(opened.expires_at == kNow + Seconds(300));
  CHECK(opened.random == attempt_of(browser).random);
  CHECK(opened.challenge_tag == kTag);
  CHECK(opened.owner == mark_of(browser));
  CHECK(opened.username == "zoë");
  CHECK(opened.browser == "192.0.2.9, Firefox on Linux");
  CHECK(opened.code == code_of(kTag, house.secrets().newest_seal_key()));
  // It stands in a command that people copy.
  CHECK(sealed.size() < 200);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK(outcome(open_attempt(changed, house.secrets())) == "challenge_invalid");
  }
  for (const std::string& bad :
       {std::string(), std::string("AQ"), sealed + "A", sealed.substr(4), std::string(5000, 'A')}) {
    CHECK(outcome(open_attempt(bad, house.secrets())) == "challenge_invalid");
  }
  House other;
  CHECK(outcome(open_attempt(sealed, other.secrets())) == "challenge_invalid");
}

TEST_CASE("an attempt is of one browser, until its expiry instant and not at it") {
  House house;
  const Secret browser = must(make_browser_secret(house.rng));
  const LoginAttempt attempt = attempt_of(browser);
  const BrowserMark its = mark_of(browser);
  CHECK(judge_attempt(attempt, its, kNow));
  CHECK(judge_attempt(attempt, its, attempt.expires_at - Seconds(1)));
  CHECK(outcome(judge_attempt(attempt, its, attempt.expires_at)) == "challenge_expired");
  CHECK(outcome(judge_attempt(attempt, mark_of(must(make_browser_secret(house.rng))), kNow)) == "challenge_invalid");
  CHECK(outcome(judge_attempt(attempt, mark_of(Secret()), kNow)) == "challenge_invalid");
}

TEST_CASE("a browser's secret has one form") {
  for (const std::string& bad :
       {std::string(), std::string(43, '='), std::string(42, 'A'), std::string(44, 'A'), std::string(1000, 'A')}) {
    CHECK_FALSE(check_browser_secret(bad));
  }
}
