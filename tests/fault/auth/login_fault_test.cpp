#include "tests/support/browser_attempt.hpp"
#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

struct Redeeming {
  proving::Response response;
  std::size_t sessions_before = 0;
};

Redeeming prepare(FaultyHouse& place, records::Transport transport) {
  return {place.house.answer(alice(), place.house.issue(alice(), transport)), place.sessions()};
}

Secret token_in(const std::string& grant) {
  std::string text = grant.substr(grant.find("cs_"), 46);
  return Secret::take(text);
}

}  // namespace

TEST_CASE("an http login that meets any fault opens one session or none and never two") {
  at_every_fault(
      "http login", [](FaultyHouse& place) { return prepare(place, records::Transport::http); },
      [](FaultyHouse& place, Redeeming& it) { return place.house.auth().roles().login.redeem(it.response, by_http()); },
      [](FaultyHouse& place, Redeeming& it, const Result<sessions::LoginAnswer>& answer) {
        if (!answer) CHECK(outcome(answer) == "storage_unavailable");
        const bool took_effect = place.sessions() == it.sessions_before + 1;
        if (answer) {
          CHECK(took_effect);
          CHECK(outcome(place.house.auth().roles().sessions.admit(answer->opened->token, by_http())) == "ok");
        }
        const auto again = place.house.auth().roles().login.redeem(it.response, by_http());
        CHECK(outcome(again) == (took_effect ? "challenge_consumed" : "ok"));
        CHECK(place.sessions() == it.sessions_before + 1);
      });
}

TEST_CASE("a courier's login that meets any fault gives one grant however often it is tried") {
  at_every_fault(
      "courier login", [](FaultyHouse& place) { return prepare(place, records::Transport::courier); },
      [](FaultyHouse& place, Redeeming& it) {
        return place.house.auth().roles().login.redeem(it.response, by_courier());
      },
      [](FaultyHouse& place, Redeeming& it, const Result<sessions::LoginAnswer>& answer) {
        if (!answer) CHECK(outcome(answer) == "storage_unavailable");
        const auto again = must(place.house.auth().roles().login.redeem(it.response, by_courier()));
        if (answer) CHECK(again.grant == answer->grant);
        CHECK(must(place.house.auth().roles().login.redeem(it.response, by_courier())).grant == again.grant);
        CHECK(place.sessions() == it.sessions_before + 1);
        const Secret token = token_in(place.house.open_grant(again.grant));
        CHECK(outcome(place.house.auth().roles().sessions.admit(token, by_http())) == "ok");
      });
}

TEST_CASE("the first use of a grant that meets any fault can be tried again") {
  at_every_fault(
      "first use of a grant",
      [](FaultyHouse& place) {
        const Redeeming it = prepare(place, records::Transport::courier);
        return token_in(
            place.house.open_grant(must(place.house.auth().roles().login.redeem(it.response, by_courier())).grant));
      },
      [](FaultyHouse& place, Secret& token) { return place.house.auth().roles().sessions.admit(token, by_http()); },
      [](FaultyHouse& place, Secret& token, const Result<records::Session>& admitted) {
        if (!admitted) CHECK(outcome(admitted) == "storage_unavailable");
        place.house.clock.pass(Seconds(5));
        const records::Session session = must(place.house.auth().roles().sessions.admit(token, by_http()));
        CHECK_FALSE(session.use_before);
        if (admitted) CHECK(session.expires_at == admitted->expires_at);
      });
}

TEST_CASE("issuing a challenge writes nothing whatever fails") {
  for (const MediumKind kind : all_media()) {
    FaultyHouse place(kind);
    const auto before = contents_of(place.store.medium());
    for (std::size_t n = 1;; ++n) {
      place.faulty.fail(n, Fault::before, Lasting::for_ever);
      proving::ChallengeRequest request;
      request.name.username = "alice";
      const auto issued = place.house.auth().roles().issuing.issue(request, by_http());
      const bool fired = place.faulty.fired();
      place.faulty.heal();
      if (!fired) break;
      CHECK(outcome(issued) == "storage_unavailable");
      CHECK(contents_of(place.store.medium()) == before);
    }
  }
}

TEST_CASE("a login for a browser that meets any fault as it is signed is signed once") {
  at_every_fault(
      "login signed for a browser", [](FaultyHouse& place) { return BrowserAttempt(place.house); },
      [](FaultyHouse& place, BrowserAttempt& it) {
        return place.house.auth().roles().browser_login.sign(it.response, by_browser());
      },
      [](FaultyHouse& place, BrowserAttempt& it, const Result<std::string>& code) {
        auto& login = place.house.auth().roles().browser_login;
        const std::size_t before = place.sessions();
        if (!code) CHECK(outcome(code) == "storage_unavailable");
        const auto again = login.sign(it.response, by_browser());
        if (code) CHECK(outcome(again) == "challenge_consumed");
        // Signed it is now, whether or not its signer was told.
        CHECK(outcome(login.enter(it.attempt, it.attempt.code, by_browser())) == "ok");
        CHECK(outcome(login.enter(it.attempt, it.attempt.code, by_browser())) == "challenge_consumed");
        CHECK(place.sessions() == before + 1);
      });
}

TEST_CASE("a code that meets any fault opens one session or none and never two") {
  at_every_fault(
      "login by code",
      [](FaultyHouse& place) {
        BrowserAttempt it(place.house);
        must(place.house.auth().roles().browser_login.sign(it.response, by_browser()));
        return std::pair(std::move(it), place.sessions());
      },
      [](FaultyHouse& place, std::pair<BrowserAttempt, std::size_t>& it) {
        const auto& attempt = it.first.attempt;
        return place.house.auth().roles().browser_login.enter(attempt, attempt.code, by_browser());
      },
      [](FaultyHouse& place, std::pair<BrowserAttempt, std::size_t>& it,
         const Result<sessions::RefreshedSession>& opened) {
        if (!opened) CHECK(outcome(opened) == "storage_unavailable");
        const bool took_effect = place.sessions() == it.second + 1;
        if (opened) CHECK(took_effect);
        const auto& attempt = it.first.attempt;
        const auto again = place.house.auth().roles().browser_login.enter(attempt, attempt.code, by_browser());
        CHECK(outcome(again) == (took_effect ? "challenge_consumed" : "ok"));
        CHECK(place.sessions() == it.second + 1);
      });
}
