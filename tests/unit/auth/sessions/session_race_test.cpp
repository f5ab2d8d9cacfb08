// Somebody else comes between: at every call that an operation makes to the medium, once before each.
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A house whose medium lets another server come between, and that other server.
struct Scene {
  Scene() : between(memory), house(between), other(must(house.another(memory, "other"))) { house.add(alice()); }
  bool opens(const Secret& token) { return other->admit(token, by_http()).has_value(); }
  std::size_t sessions() { return must(other->list_sessions(alice().account(), 100)).size(); }
  void revoke() {
    Accounts accounts(memory, house.seal());
    const auto stored = must(accounts.find(alice().account()));
    Account changed = stored->account;
    changed.state = AccountState::revoked;
    ++changed.epoch;
    storage::Batch batch;
    accounts.stage_change(batch, *stored, changed);
    must(memory.commit(batch));
  }
  void end_all() { must(other->end_all_sessions(alice().account(), by_hand())); }
  bool chain_holds() { return must(other->verify_audit({})).faults.empty(); }

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
std::optional<Secret> token_of(const Result<LoginAnswer>& answer) {
  if (!answer) return std::nullopt;
  return answer->opened->token;
}
std::optional<Secret> token_of(const Result<RefreshedSession>& answer) {
  if (!answer) return std::nullopt;
  return answer->token;
}

void check_denied_or_unavailable(const Error& error) {
  const Face face = public_face_of(error.code);
  CAPTURE(name_of(error.code));
  CHECK((face == Face::denied || face == Face::unavailable));
}

}  // namespace

TEST_CASE("S35 a revocation between any two steps of a login leaves no session that opens") {
  for (const bool revoke : {true, false}) {
    const std::size_t points = at_every_call([&](std::size_t n) {
      Scene scene;
      const Response response = scene.house.answer(alice(), scene.house.issue(alice()));
      bool came = false;
      scene.between.interfere(n, [&] {
        came = true;
        revoke ? scene.revoke() : scene.end_all();
      });
      const auto answer = scene.house.auth().log_in(response, by_http());
      if (came) {
        CAPTURE(n, revoke);
        if (!answer) check_denied_or_unavailable(answer.error());
        if (const auto token = token_of(answer)) CHECK_FALSE(scene.opens(*token));
        CHECK(scene.sessions() == 0);
        CHECK(scene.chain_holds());
      }
      return came;
    });
    CHECK(points >= 4);  // account, certificate, marker, commit
  }
}

TEST_CASE("S03 a revocation right before the commit of a login wins") {
  Scene scene;
  const Response response = scene.house.answer(alice(), scene.house.issue(alice()));
  bool fired = false;
  // The last call of the operation is its commit; the one that follows a conflict judges anew.
  std::size_t last = at_every_call([&](std::size_t n) {
    Scene rehearsal;
    const Response other = rehearsal.house.answer(alice(), rehearsal.house.issue(alice()));
    bool came = false;
    rehearsal.between.interfere(n, [&] { came = true; });
    must(rehearsal.house.auth().log_in(other, by_http()));
    return came;
  });
  scene.between.interfere(last, [&] {
    fired = true;
    scene.revoke();
  });
  CHECK(outcome(scene.house.auth().log_in(response, by_http())) == "account_not_active");
  CHECK(fired);
  CHECK(names_in(scene.memory, "sessions/", 9).empty());
  CHECK(names_in(scene.memory, "consumed/", 9).empty());
}

TEST_CASE("the same response redeemed in between opens one session") {
  for (const Transport transport : {Transport::http, Transport::courier}) {
    at_every_call([&](std::size_t n) {
      Scene scene;
      const Response response = scene.house.answer(alice(), scene.house.issue(alice(), transport));
      bool came = false;
      std::string first_grant;
      scene.between.interfere(n, [&] {
        came = true;
        first_grant = must(scene.other->log_in(response, by_http())).grant;
      });
      const auto answer = scene.house.auth().log_in(response, by_http());
      if (!came) return false;
      CAPTURE(n);
      if (transport == Transport::http) {
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

TEST_CASE("S42 a session ended between any two steps of its refresh stays ended") {
  const std::size_t points = at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->end_session_of(alice().account(), opened.session.id, by_hand()));
    });
    const auto answer = scene.house.auth().refresh_session(opened.token, by_http());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(answer) == "session_unknown");
    CHECK(face_of_outcome(answer) == Face::denied);
    CHECK_FALSE(scene.opens(opened.token));
    CHECK(scene.sessions() == 0);
    CHECK(names_in(scene.memory, "sessions/", 9).empty());
    return true;
  });
  CHECK(points >= 3);
}

TEST_CASE("S42 a revocation between any two steps of a refresh leaves no token that opens") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      scene.revoke();
    });
    const auto answer = scene.house.auth().refresh_session(opened.token, by_http());
    if (!came) return false;
    CAPTURE(n);
    if (!answer) check_denied_or_unavailable(answer.error());
    if (const auto token = token_of(answer)) CHECK_FALSE(scene.opens(*token));
    CHECK_FALSE(scene.opens(opened.token));
    return true;
  });
}

TEST_CASE("S44 two refreshes of one token leave one token that opens") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    bool came = false;
    std::optional<Secret> theirs;
    scene.between.interfere(n, [&] {
      came = true;
      theirs = must(scene.other->refresh_session(opened.token, by_http())).token;
    });
    const auto answer = scene.house.auth().refresh_session(opened.token, by_http());
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
      must(scene.other->end_session_of(alice().account(), opened.session.id, by_hand()));
    });
    const auto admitted = scene.house.auth().admit(opened.token, by_http());
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
      auto second = must(scene.house.auth().refresh_session(first.token, by_http()));
      scene.house.clock.pass(std::chrono::hours(1));
      bool came = false;
      scene.between.interfere(n, [&] {
        came = true;
        if (refreshed) {
          second = must(scene.other->refresh_session(second.token, by_http()));
        } else {
          must(scene.other->admit(second.token, by_http()));  // which moves the idle limit
        }
      });
      const auto answer = scene.house.auth().refresh_session(first.token, by_http());
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
  at_every_call([&](std::size_t n) {
    Scene scene;
    auto opened = scene.house.log_in(alice());
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      opened = must(scene.other->refresh_session(opened.token, by_http()));
    });
    const Status ended = scene.house.auth().end_session_of(alice().account(), opened.session.id, by_hand());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(ended) == "ok");
    CHECK_FALSE(scene.opens(opened.token));
    CHECK(scene.sessions() == 0);
    return true;
  });
}

TEST_CASE("S46 ending all sessions counts though others end them at that moment") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto opened = scene.house.log_in(alice());
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      scene.end_all();
    });
    const Status ended = scene.house.auth().end_all_sessions(alice().account(), by_hand());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(ended) == "ok");
    CHECK(must(scene.other->show_account(alice().account())).account.epoch == 2);
    CHECK_FALSE(scene.opens(opened.token));
    return true;
  });
}

TEST_CASE("two first uses of a grant at once begin its limits once") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    const auto issued = scene.house.issue(alice(), Transport::courier);
    const auto answer = must(scene.house.auth().log_in(scene.house.answer(alice(), issued), by_courier()));
    const std::string grant = scene.house.open_grant(answer.grant);
    std::string text = grant.substr(grant.find("cs_"), 46);
    const Secret token = Secret::take(text);
    bool came = false;
    std::optional<Session> theirs;
    scene.between.interfere(n, [&] {
      came = true;
      theirs = must(scene.other->admit(token, by_http()));
      scene.house.clock.pass(Seconds(30));
    });
    const auto ours = scene.house.auth().admit(token, by_http());
    if (!came) return false;
    CAPTURE(n);
    REQUIRE(ours);
    CHECK(ours->expires_at == theirs->expires_at);
    return true;
  });
}

TEST_CASE("S26 two enrolments of one name at once make one account") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->add_account({"carol", carol().certificate(), false}, by_hand()));
    });
    const auto second = scene.house.auth().add_account({"carol", bob().certificate(), false}, by_hand());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(second) == "account_exists");
    CHECK(must(scene.other->show_account(carol().account())).account.fingerprint == carol().fingerprint());
    CHECK(text_of(scene.memory, key_name(bob().fingerprint())) == "<absent>");
    return true;
  });
}

TEST_CASE("S26 one key enrolled under two names at once is one account's") {
  at_every_call([&](std::size_t n) {
    Scene scene;
    bool came = false;
    scene.between.interfere(n, [&] {
      came = true;
      must(scene.other->add_account({"carol", carol().certificate(), false}, by_hand()));
    });
    const auto second = scene.house.auth().add_account({"second", carol().certificate(), false}, by_hand());
    if (!came) return false;
    CAPTURE(n);
    CHECK(outcome(second) == "key_taken");
    return true;
  });
}

TEST_CASE("the same response from eight threads and two servers opens one session") {
  for (const Transport transport : {Transport::http, Transport::courier}) {
    Scene scene;
    const Response response = scene.house.answer(alice(), scene.house.issue(alice(), transport));
    std::atomic<int> opened{0};
    std::atomic<int> refused_otherwise{0};
    std::mutex mutex;
    std::vector<std::string> grants;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Authenticator& server = i % 2 == 0 ? scene.house.auth() : *scene.other;
        const auto answer = server.log_in(response, by_http());
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
    CHECK(opened == (transport == Transport::http ? 1 : 8));
    for (const std::string& grant : grants) CHECK(grant == grants.front());
    CHECK(scene.chain_holds());
  }
}
