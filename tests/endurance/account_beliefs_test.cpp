// The model of the mixed load can fail: each wrong answer that a server could give is planted, and found.
#include <catch2/catch.hpp>

#include "tests/endurance/account_beliefs.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

constexpr int kKey = 1;
constexpr int kPassword = 2;
constexpr int kSession = 10;
constexpr int kNextSession = 11;
constexpr int kResponse = 20;
const Instant kNow = Instant(std::chrono::hours(500'000));

When at(Seconds since_then = Seconds(0)) {
  return {kNow + since_then, kNow + since_then, true};
}

AccountCall of_session(Deed deed, int session = kSession) {
  AccountCall call{deed};
  call.session = session;
  return call;
}

AccountCall of_response(Deed deed, int session = kSession) {
  AccountCall call{deed};
  call.response = kResponse;
  call.session = session;
  call.key = deed == Deed::challenge || deed == Deed::rotate ? kKey : -1;
  return call;
}

AccountCall by_password(Deed deed, int password) {
  AccountCall call{deed};
  call.password = password;
  call.session = kNextSession;
  call.next_password = kPassword + 1;
  return call;
}

AccountCall refresh_of(int session) {
  AccountCall call = of_session(Deed::refresh, session);
  call.next_session = kNextSession;
  return call;
}

// An account with a key and a password, a response that was accepted, and the session that it opened.
struct Scene {
  Scene() {
    AccountCall add{Deed::add};
    add.key = kKey;
    AccountCall set{Deed::set_password};
    set.password = kPassword;
    for (const AccountCall& call : {add, set, of_response(Deed::challenge), of_response(Deed::login)}) {
      REQUIRE(can_be(call, Answer::accepted));
    }
  }
  bool can_be(const AccountCall& call, Answer answer, const When& when = at()) {
    return beliefs.take(call, answer, when).empty();
  }
  // Without taking it.
  bool could_be(const AccountCall& call, Answer answer, const When& when = at()) const {
    Scene copy(*this);
    return copy.can_be(call, answer, when);
  }

  AccountBeliefs beliefs;
};

}  // namespace

TEST_CASE("the model of an account refuses a session that is lost or that outlives its end") {
  Scene scene;
  CHECK(scene.could_be(of_session(Deed::check), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::refused));
  const Deed ending = GENERATE(Deed::end, Deed::end_all);
  REQUIRE(scene.can_be(of_session(ending), Answer::accepted));
  CHECK(scene.could_be(of_session(Deed::check), Answer::refused));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::refresh), Answer::accepted));
}

TEST_CASE("the model of an account refuses a spent response that opens another session") {
  const Scene scene;
  CHECK(scene.could_be(of_response(Deed::login, kNextSession), Answer::refused));
  CHECK_FALSE(scene.could_be(of_response(Deed::login, kNextSession), Answer::accepted));
}

TEST_CASE("the model of an account refuses a wrong password that opens and a right one that does not") {
  Scene scene;
  CHECK_FALSE(scene.could_be(by_password(Deed::password_login, kPassword), Answer::refused));
  CHECK_FALSE(scene.could_be(by_password(Deed::password_login, kPassword + 1), Answer::accepted));
  REQUIRE(scene.can_be(by_password(Deed::change_password, kPassword), Answer::accepted));
  CHECK_FALSE(scene.could_be(by_password(Deed::password_login, kPassword), Answer::accepted));
  CHECK_FALSE(scene.could_be(by_password(Deed::password_login, kPassword + 1), Answer::refused));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
}

TEST_CASE("the model of an account refuses a login of a revoked account, until it is restored") {
  Scene scene;
  REQUIRE(scene.can_be({Deed::command_revoke}, Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
  CHECK_FALSE(scene.could_be(by_password(Deed::password_login, kPassword), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_response(Deed::challenge), Answer::accepted));
  CHECK_FALSE(scene.can_be({Deed::command_restore}, Answer::refused));
}

TEST_CASE("the model of an account refuses a challenge to a key that was rotated away") {
  Scene scene;
  REQUIRE(scene.can_be(of_response(Deed::challenge), Answer::accepted));
  AccountCall rotation = of_response(Deed::rotate);
  rotation.key = kKey + 1;
  REQUIRE(scene.can_be(rotation, Answer::accepted));
  CHECK_FALSE(scene.could_be(of_response(Deed::challenge), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
}

TEST_CASE("the model of an account keeps both sides of a call without an answer until one is told") {
  Scene scene;
  REQUIRE(scene.can_be(of_session(Deed::end), Answer::none));
  CHECK(scene.beliefs.size() == 2);
  CHECK(scene.could_be(of_session(Deed::check), Answer::accepted));
  REQUIRE(scene.can_be(of_session(Deed::check), Answer::refused));
  CHECK(scene.beliefs.size() == 1);
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
}

TEST_CASE("the model of an account lets a refresh without an answer be repeated, and the first token never be shown") {
  Scene scene;
  REQUIRE(scene.can_be(refresh_of(kSession), Answer::none));
  CHECK(scene.could_be(refresh_of(kSession), Answer::accepted, at(Seconds(30))));
  REQUIRE(scene.can_be(refresh_of(kSession), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted));
  CHECK_FALSE(scene.could_be(of_session(Deed::check, kNextSession), Answer::refused));
}

TEST_CASE("the model of an account ends a session by its time, and not before it") {
  const Scene scene;
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::refused, at(std::chrono::hours(11))));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::accepted, at(std::chrono::hours(13))));
  // A clock that was set within the call decides nothing.
  const When set_within{kNow, kNow + std::chrono::hours(30), false};
  CHECK(scene.could_be(of_session(Deed::check), Answer::accepted, set_within));
  CHECK(scene.could_be(of_session(Deed::check), Answer::refused, set_within));
}

TEST_CASE("the model of an account refuses a list that has it otherwise") {
  Scene scene;
  CHECK(AccountBeliefs(scene.beliefs).take_listed("active").empty());
  CHECK_FALSE(AccountBeliefs(scene.beliefs).take_listed("revoked").empty());
  CHECK_FALSE(AccountBeliefs(scene.beliefs).take_listed("absent").empty());
}

TEST_CASE("the model of an account lets a session be swept that was opened later than the clock was set back to") {
  Scene scene;
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::refused, at(Seconds(100))));
  scene.beliefs.take_set_back(kNow + Seconds(60));
  CHECK_FALSE(scene.could_be(of_session(Deed::check), Answer::refused, at(Seconds(100))));
  scene.beliefs.take_set_back(kNow - Seconds(60));
  CHECK(scene.could_be(of_session(Deed::check), Answer::refused, at(Seconds(100))));
  CHECK(scene.could_be(of_session(Deed::check), Answer::accepted, at(Seconds(100))));
}
