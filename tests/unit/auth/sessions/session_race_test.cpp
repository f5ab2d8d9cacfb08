// Somebody else comes between: at every call that an operation makes to the medium, once before each. Here is what a
// clock, a stick or one response twice has to do with it; any two operations are in tests/history.
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "tests/support/browser_attempt.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A house whose medium lets another server come between, and that other server.
struct Scene {
  Scene() : between(memory), house(between), other(must(house.another(memory, "other"))) { house.add(alice()); }
  bool opens(const Secret& token) { return other->roles().sessions.admit(token, by_http()).has_value(); }
  std::size_t sessions() { return must(other->roles().sessions.list(alice().account(), 100)).size(); }
  bool chain_holds() { return must(other->roles().audit.verify({})).faults.empty(); }

  storage::MemoryMedium memory;
  FaultyMedium between;
  House house;
  std::unique_ptr<Authenticator> other;
};

// Runs `scene` for every call that its operation makes: it is told before which one to interfere, and says whether the
// operation came that far.
std::size_t at_every_call(const std::function<bool(std::size_t)>& scene) {
  std::size_t n = 1;
  while (scene(n)) ++n;
  return n - 1;
}

// The token that came out of it, if one did.
std::optional<Secret> token_of(const Result<sessions::RefreshedSession>& answer) {
  if (!answer) return std::nullopt;
  return answer->token;
}

void check_denied_or_unavailable(const Error& error) {
  const Face face = public_face_of(error.code);
  CAPTURE(name_of(error.code));
  CHECK((face == Face::denied || face == Face::unavailable));
}

}  // namespace

TEST_CASE("the same response redeemed in between opens one session") {
  for (const records::Transport transport : {records::Transport::http, records::Transport::courier}) {
    at_every_call([&](std::size_t n) {
      Scene scene;
      const proving::Response response = scene.house.answer(alice(), scene.house.issue(alice(), transport));
      bool came = false;
      std::string first_grant;
      scene.between.interfere(n, [&] {
        came = true;
        first_grant = must(scene.other->roles().login.redeem(response, by_http())).grant;
      });
      const auto answer = scene.house.auth().roles().login.redeem(response, by_http());
      if (!came) return false;
      CAPTURE(n);
      if (transport == records::Transport::http) {
        CHECK(outcome(answer) == "challenge_consumed");
      } else {
        CHECK(must(answer).grant == first_grant);
      }
      CHECK(scene.sessions() == 1);
      CHECK(scene.chain_holds());
      return true;
    });
  }
}

TEST_CASE("S44 two refreshes of one token leave one token that opens") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    bool came = false;
    std::optional<Secret> theirs;
    scene.between.interfere(n, [&] {
      came = true;
      theirs = must(scene.other->roles().sessions.refresh(opened.token, by_http())).token;
    });
    const auto answer = scene.house.auth().roles().sessions.refresh(opened.token, by_http());
    if (!came) return false;
    CAPTURE(n);
    const auto ours = token_of(answer);
    CHECK((scene.opens(*theirs) ? 1 : 0) + (ours && scene.opens(*ours) ? 1 : 0) == 1);
    CHECK_FALSE(scene.opens(opened.token));
    CHECK(scene.sessions() == 1);
    return true;
  });
}

TEST_CASE("S42 moving the idle limit does not bring back a session that was ended") {
  const std::size_t points = at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    scene.house.clock.pass(std::chrono::hours(1));  // so that the limit is due to be moved
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->roles().sessions.end_one(alice().account(), opened.session.id, by_hand()));
    });
    const auto admitted = scene.house.auth().roles().sessions.admit(opened.token, by_http());
    if (!came) return false;
    CAPTURE(n);
    if (!admitted) check_denied_or_unavailable(admitted.error());
    CHECK_FALSE(scene.opens(opened.token));
    CHECK(names_in(scene.memory, "sessions/", 9).empty());
    return true;
  });
  CHECK(points >= 3);
}

TEST_CASE("S44 a replayed token ends the session though its holder uses it at that moment") {
  for (const bool refreshed : {false, true}) {
    at_every_call([&](std::size_t n) {
      Scene scene;
      const auto first = scene.house.log_in(alice());
      auto second = must(scene.house.auth().roles().sessions.refresh(first.token, by_http()));
      scene.house.clock.pass(std::chrono::hours(1));
      bool came = false;
      scene.between.interfere(n, [&] {
        came = true;
        if (refreshed) {
          second = must(scene.other->roles().sessions.refresh(second.token, by_http()));
        } else {
          must(scene.other->roles().sessions.admit(second.token, by_http()));  // which moves the idle limit
        }
      });
      const auto answer = scene.house.auth().roles().sessions.refresh(first.token, by_http());
      if (!came) return false;
      CAPTURE(n, refreshed);
      CHECK(outcome(answer) == "session_replaced");
      CHECK_FALSE(scene.opens(second.token));
      CHECK(scene.sessions() == 0);
      return true;
    });
  }
}

TEST_CASE("S49 ending a session that is refreshed at that moment ends it all the same") {
  // By its token, or by the one before, whose reply was lost: then the record that was current goes away.
  for (const bool lost : {false, true}) {
    at_every_call([&](std::size_t n) {
      Scene scene;
      const auto first = scene.house.log_in(alice());
      auto opened = lost ? must(scene.house.auth().roles().sessions.refresh(first.token, by_http())) : first;
      bool came = false;
      scene.between.interfere(n, [&] {
        came = true;
        opened = must(scene.other->roles().sessions.refresh(first.token, by_http()));
      });
      const Status ended = scene.house.auth().roles().sessions.end_one(alice().account(), opened.session.id, by_hand());
      if (!came) return false;
      CAPTURE(n, lost);
      CHECK(outcome(ended) == "ok");
      CHECK_FALSE(scene.opens(opened.token));
      CHECK(scene.sessions() == 0);
      return true;
    });
  }
}

TEST_CASE("two first uses of a grant at once begin its limits once") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto issued = scene.house.issue(alice(), records::Transport::courier);
    const auto answer =
        must(scene.house.auth().roles().login.redeem(scene.house.answer(alice(), issued), by_courier()));
    const std::string grant = scene.house.open_grant(answer.grant);
    std::string text = grant.substr(grant.find("cs_"), 46);
    const Secret token = Secret::take(text);
    bool came = false;
    std::optional<records::Session> theirs;
    scene.between.interfere(n, [&] {
      came = true;
      theirs = must(scene.other->roles().sessions.admit(token, by_http()));
      scene.house.clock.pass(Seconds(30));
    });
    const auto ours = scene.house.auth().roles().sessions.admit(token, by_http());
    if (!came) return false;
    CAPTURE(n);
    REQUIRE(ours);
    CHECK(ours->expires_at == theirs->expires_at);
    const auto records = must(scene.house.auth().roles().audit.list("", 0, 100));
    CHECK(std::count_if(records.begin(), records.end(), [](const auto& one) { return one.decision == "grant_used"; }) ==
          1);
    return true;
  });
}

TEST_CASE("the same response from eight threads and two servers opens one session") {
  for (const records::Transport transport : {records::Transport::http, records::Transport::courier}) {
    Scene scene;
    const proving::Response response = scene.house.answer(alice(), scene.house.issue(alice(), transport));
    std::atomic<int> opened{0};
    std::atomic<int> refused_otherwise{0};
    std::mutex mutex;
    std::vector<std::string> grants;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Authenticator& server = i % 2 == 0 ? scene.house.auth() : *scene.other;
        const auto answer = server.roles().login.redeem(response, by_http());
        if (answer) {
          ++opened;
          const std::lock_guard lock(mutex);
          grants.push_back(answer->grant);
        } else if (answer.error().code != ErrorCode::challenge_consumed) {
          ++refused_otherwise;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(scene.sessions() == 1);
    CHECK(refused_otherwise == 0);
    CHECK(opened == (transport == records::Transport::http ? 1 : 8));
    for (const std::string& grant : grants) CHECK(grant == grants.front());
    CHECK(scene.chain_holds());
  }
}

TEST_CASE("S83 codes that are tried at once are counted one by one, and a right one opens one session") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    BrowserAttempt it(scene.house);
    auto& ours = scene.house.auth().roles().browser_login;
    must(ours.sign(it.response, by_browser()));
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      CHECK(outcome(scene.other->roles().browser_login.enter(it.attempt, it.wrong_code, by_browser())) ==
            "challenge_invalid");
    });
    CHECK(outcome(ours.enter(it.attempt, it.wrong_code, by_browser())) == "challenge_invalid");
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(ours.enter(it.attempt, it.wrong_code, by_browser())) == "challenge_invalid");
    CHECK(outcome(ours.enter(it.attempt, it.attempt.code, by_browser())) == "challenge_consumed");
    CHECK(scene.sessions() == 0);
    return true;
  });
  at_every_call([&](std::size_t n) {
    Scene scene;
    BrowserAttempt it(scene.house);
    auto& ours = scene.house.auth().roles().browser_login;
    must(ours.sign(it.response, by_browser()));
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->roles().browser_login.enter(it.attempt, it.attempt.code, by_browser()));
    });
    const auto opened = ours.enter(it.attempt, it.attempt.code, by_browser());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(opened) == "challenge_consumed");
    CHECK(scene.sessions() == 1);
    return true;
  });
}

TEST_CASE("S03 a code of an account that is revoked or logged out while it is judged opens nothing") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    BrowserAttempt it(scene.house);
    auto& ours = scene.house.auth().roles().browser_login;
    must(ours.sign(it.response, by_browser()));
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->roles().sessions.end_all(alice().account(), by_hand()));
    });
    const auto opened = ours.enter(it.attempt, it.attempt.code, by_browser());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(opened) == "epoch_passed");
    CHECK(scene.sessions() == 0);
    return true;
  });
}
