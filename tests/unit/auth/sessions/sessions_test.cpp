#include "auth/sessions/sessions.hpp"

#include <catch2/catch.hpp>

#include "storage/base/hash.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::hours kHour{1};

std::string admitted(House& house, const Secret& token) {
  return outcome(house.auth().roles().sessions.admit(token, by_http()));
}

Secret granted_token(House& house) {
  const auto issued = house.issue(alice(), records::Transport::courier);
  const auto answer = must(house.auth().roles().login.redeem(house.answer(alice(), issued), by_courier()));
  REQUIRE_FALSE(answer.opened);
  const std::string text = house.open_grant(answer.grant);
  std::string token = text.substr(text.find("cs_"), 46);
  return Secret::take(token);
}

std::vector<std::string> decisions(House& house) {
  std::vector<std::string> names;
  for (const auto& record : must(house.auth().roles().audit.list("server", 0, 100))) names.push_back(record.decision);
  return names;
}

}  // namespace

TEST_CASE("a login opens a session that says who and how") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  const records::Session session = must(house.auth().roles().sessions.admit(opened.token, by_http()));
  CHECK(session.account == alice().account());
  CHECK(session.username == "alice");
  CHECK(session.method == "key");
  CHECK(session.transport == "http");
  CHECK(session.fingerprint == alice().fingerprint().upper());
  CHECK(session.created_at == kNoon);
  CHECK(session.idle_expires_at == kNoon + std::chrono::hours(12));
  CHECK(session.expires_at == kNoon + std::chrono::hours(24));
  CHECK(must(house.auth().roles().accounts.show(alice().account())).last_login == kNoon);
}

TEST_CASE("S43 the medium holds no token") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  const auto next = must(house.auth().roles().sessions.refresh(opened.token, by_http()));
  const Secret granted = granted_token(house);
  for (const auto& [name, text] : contents_of(house.medium())) {
    for (const Secret* token : {&opened.token, &next.token, &granted}) {
      CHECK(text.find(token->reveal_text().substr(3)) == std::string::npos);
      CHECK(name.find(hex(*from_base64url(token->reveal_text().substr(3)))) == std::string::npos);
    }
  }
}

TEST_CASE("S44 a session that is used ends at its absolute limit") {
  House house;
  house.add(alice());
  auto current = house.log_in(alice());
  for (int hour = 0; hour < 23; ++hour) {
    house.clock.pass(kHour);
    REQUIRE(admitted(house, current.token) == "ok");
    current = must(house.auth().roles().sessions.refresh(current.token, by_http()));
    CHECK(current.session.expires_at == kNoon + std::chrono::hours(24));
    CHECK(current.session.idle_expires_at <= current.session.expires_at);
  }
  house.clock.pass(kHour);
  CHECK(admitted(house, current.token) == "session_expired");
  CHECK(outcome(house.auth().roles().sessions.refresh(current.token, by_http())) == "session_expired");
}

TEST_CASE("S44 a session that is not used ends at its idle limit") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  house.clock.pass(std::chrono::hours(12) - Seconds(1));
  CHECK(admitted(house, opened.token) == "ok");
  house.clock.pass(std::chrono::hours(12));
  CHECK(admitted(house, opened.token) == "session_expired");
}

TEST_CASE("the idle limit is written in twentieths of itself and not at every request") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  const auto before = contents_of(house.medium());
  house.clock.pass(std::chrono::minutes(35));
  REQUIRE(admitted(house, opened.token) == "ok");
  CHECK(contents_of(house.medium()) == before);
  house.clock.pass(std::chrono::minutes(1));
  REQUIRE(admitted(house, opened.token) == "ok");
  CHECK(contents_of(house.medium()) != before);
}

TEST_CASE("S44 refreshing replaces the token and the old one is denied") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto second = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  CHECK(second.session.id == first.session.id);
  CHECK(decisions(house).back() == "session_refreshed");
  CHECK(admitted(house, first.token) == "session_replaced");
  CHECK(admitted(house, second.token) == "ok");
}

TEST_CASE("S44 a lost reply to a refresh may be asked for again within a minute") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto lost = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  house.clock.pass(Seconds(60));
  const auto again = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  CHECK(admitted(house, lost.token) == "session_replaced");
  CHECK(admitted(house, again.token) == "ok");
  CHECK(must(house.auth().roles().sessions.list(alice().account(), 10)).size() == 1);
}

TEST_CASE("S44 refreshing with a token replaced over a minute ago ends the session and is audited") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto second = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  house.clock.pass(Seconds(61));
  CHECK(admitted(house, second.token) == "ok");
  CHECK(outcome(house.auth().roles().sessions.refresh(first.token, by_http())) == "session_replaced");
  CHECK(admitted(house, second.token) == "session_unknown");
  CHECK(decisions(house).back() == "session_replayed");
  // And the next attempt finds nothing to end.
  CHECK(outcome(house.auth().roles().sessions.refresh(first.token, by_http())) == "session_unknown");
}

TEST_CASE("S44 a reply that was said to be lost and was not ends the session when its holder comes back") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto holder = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  const auto thief = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  house.clock.pass(Seconds(61));
  CHECK(admitted(house, thief.token) == "ok");
  CHECK(outcome(house.auth().roles().sessions.refresh(holder.token, by_http())) == "session_replaced");
  CHECK(decisions(house).back() == "session_replayed");
  CHECK(admitted(house, thief.token) == "session_unknown");
}

TEST_CASE(
    "S45 asking again for a reply that was lost opens nothing once the account has moved on or the time is over") {
  for (const std::string what : {"epoch_passed", "account_not_active", "session_expired"}) {
    House house;
    house.add(alice());
    const auto first = house.log_in(alice());
    if (what == "session_expired") house.clock.pass(std::chrono::hours(11));
    auto current = must(house.auth().roles().sessions.refresh(first.token, by_http()));
    Secret replaced = first.token;
    if (what == "epoch_passed") must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
    if (what == "account_not_active") {
      must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
    }
    if (what == "session_expired") {
      house.clock.pass(std::chrono::hours(11));
      replaced = current.token;
      current = must(house.auth().roles().sessions.refresh(replaced, by_http()));
      house.clock.pass(std::chrono::hours(1) + std::chrono::minutes(59) + Seconds(30));
      replaced = current.token;
      current = must(house.auth().roles().sessions.refresh(replaced, by_http()));
      house.clock.pass(Seconds(40));
    }
    CAPTURE(what);
    CHECK(outcome(house.auth().roles().sessions.refresh(replaced, by_http())) == what);
  }
}

TEST_CASE("S47 a clock that was set back extends no session, by use or by refresh") {
  House house;
  house.add(alice());
  house.clock.pass(std::chrono::hours(2));
  const auto opened = house.log_in(alice());
  house.clock.pass(std::chrono::hours(6));
  must(house.auth().maintain());
  const auto by_use = must(house.auth().roles().sessions.admit(opened.token, by_http()));
  house.clock.set(house.clock.now() - std::chrono::hours(5));
  house.clock.pass(std::chrono::minutes(90));
  const records::Session used = must(house.auth().roles().sessions.admit(opened.token, by_http()));
  CHECK(used.idle_expires_at == by_use.idle_expires_at);
  CHECK(must(house.auth().roles().sessions.show(alice().account(), opened.session.id)).idle_expires_at ==
        by_use.idle_expires_at);
  CHECK(must(house.auth().roles().sessions.refresh(opened.token, by_http())).session.idle_expires_at ==
        by_use.idle_expires_at);
}

TEST_CASE("S49 a session that ended by time or epoch is not shown") {
  House house;
  house.add(alice());
  const auto one = house.log_in(alice());
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(outcome(house.auth().roles().sessions.show(alice().account(), one.session.id)) == "not_found");
  const auto two = house.log_in(alice());
  CHECK(outcome(house.auth().roles().sessions.show(alice().account(), two.session.id)) == "ok");
  house.clock.pass(std::chrono::hours(25));
  CHECK(outcome(house.auth().roles().sessions.show(alice().account(), two.session.id)) == "not_found");
}

TEST_CASE("S44 only a refresh with a replaced token ends the session and a late request with it does not") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto second = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  house.clock.pass(kHour);
  CHECK(admitted(house, first.token) == "session_replaced");
  CHECK(outcome(house.auth().roles().sessions.end(first.token, by_http())) == "session_replaced");
  CHECK(admitted(house, second.token) == "ok");
}

TEST_CASE("S45 a session of an account that moved on is denied") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(admitted(house, opened.token) == "epoch_passed");
  CHECK(outcome(house.auth().roles().sessions.refresh(opened.token, by_http())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().sessions.end(opened.token, by_http())) == "epoch_passed");
}

TEST_CASE("S45 a session of an account that is revoked or deleted or gone is denied") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  records::Accounts accounts(house.medium(), house.seal());
  for (const records::AccountState state : {records::AccountState::revoked, records::AccountState::deleted}) {
    const auto stored = must(accounts.find(alice().account()));
    records::Account changed = stored->account;
    changed.state = state;  // the epoch left as it was: the state alone must do
    storage::Batch batch;
    accounts.stage_change(batch, *stored, changed);
    must(house.medium().commit(batch));
    CHECK(admitted(house, opened.token) == "account_not_active");
    CHECK(outcome(house.auth().roles().sessions.refresh(opened.token, by_http())) == "account_not_active");
  }
  must(erase(house.medium(), records::account_name(alice().account())));
  CHECK(admitted(house, opened.token) == "account_unknown");
}

TEST_CASE("S45 a session whose account cannot be read is denied") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  must(put(house.medium(), records::account_name(alice().account()), "{}"));
  CHECK(admitted(house, opened.token) == "record_unreadable");
  CHECK(face_of_outcome(house.auth().roles().sessions.admit(opened.token, by_http())) == Face::denied);
}

TEST_CASE("S46 a medium that fails is unavailable and never an absent session") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  CHECK(admitted(house, must(records::make_token(house.rng))) == "session_unknown");
  const std::string name = must(records::session_name(opened.token.reveal_text()));
  must(put(house.medium(), name, "torn"));
  CHECK(admitted(house, opened.token) == "record_unreadable");
}

TEST_CASE("S46 ending all sessions of an account raises its epoch once") {
  House house;
  house.add(alice());
  house.log_in(alice());
  house.log_in(alice());
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(must(house.auth().roles().accounts.show(alice().account())).account.epoch == 1);
  CHECK(must(house.auth().roles().sessions.list(alice().account(), 10)).empty());
  CHECK(decisions(house).back() == "sessions_ended");
}

TEST_CASE("S49 sessions are listed and ended one by one and all at once") {
  House house;
  house.add(alice());
  house.add(bob());
  const auto one = house.log_in(alice());
  const auto two = house.log_in(alice());
  const auto three = house.log_in(alice());
  const auto of_bob = house.log_in(bob());
  CHECK(must(house.auth().roles().sessions.list(alice().account(), 10)).size() == 3);
  CHECK(must(house.auth().roles().sessions.list(alice().account(), 2)).size() == 2);
  CHECK(must(house.auth().roles().sessions.show(alice().account(), one.session.id)).id == one.session.id);

  must(house.auth().roles().sessions.end_one(alice().account(), one.session.id, by_hand()));
  CHECK(admitted(house, one.token) == "session_unknown");
  CHECK(outcome(house.auth().roles().sessions.show(alice().account(), one.session.id)) == "not_found");
  CHECK(outcome(house.auth().roles().sessions.end_one(alice().account(), one.session.id, by_hand())) == "not_found");

  must(house.auth().roles().sessions.end(two.token, by_http()));
  CHECK(admitted(house, two.token) == "session_unknown");
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(admitted(house, three.token) == "epoch_passed");
  CHECK(admitted(house, of_bob.token) == "ok");
}

TEST_CASE("S49 a session is ended by its own account only") {
  House house;
  house.add(alice());
  house.add(bob());
  const auto opened = house.log_in(alice());
  CHECK(outcome(house.auth().roles().sessions.end_one(bob().account(), opened.session.id, by_http())) == "not_found");
  CHECK(outcome(house.auth().roles().sessions.show(bob().account(), opened.session.id)) == "not_found");
  CHECK(admitted(house, opened.token) == "ok");
}

TEST_CASE("ending leaves neither the session nor its pointer nor its older tokens of use") {
  House house;
  house.add(alice());
  const auto first = house.log_in(alice());
  const auto second = must(house.auth().roles().sessions.refresh(first.token, by_http()));
  must(house.auth().roles().sessions.end(second.token, by_http()));
  CHECK(names_in(house.medium(), "sessions-of/", 10).empty());
  CHECK(admitted(house, first.token) == "session_replaced");
  CHECK(outcome(house.auth().roles().sessions.refresh(first.token, by_http())) == "session_unknown");
}

TEST_CASE("a granted session begins its limits at first use") {
  House house;
  house.add(alice());
  const Secret token = granted_token(house);
  house.clock.pass(std::chrono::days(6));
  const records::Session session = must(house.auth().roles().sessions.admit(token, by_http()));
  CHECK_FALSE(session.use_before);
  CHECK(session.created_at == house.clock.now());
  CHECK(session.expires_at == house.clock.now() + std::chrono::hours(24));
  CHECK(session.transport == "courier");
  house.clock.pass(std::chrono::hours(11));
  REQUIRE(admitted(house, token) == "ok");
  house.clock.pass(std::chrono::hours(11));
  REQUIRE(admitted(house, token) == "ok");
  house.clock.pass(std::chrono::hours(2));
  CHECK(admitted(house, token) == "session_expired");
}

TEST_CASE("a grant not used within its week opens nothing") {
  House house;
  house.add(alice());
  const Secret token = granted_token(house);
  house.clock.pass(std::chrono::days(7));
  CHECK(admitted(house, token) == "session_grant_expired");
}

TEST_CASE("a granted session may be refreshed at first use") {
  House house;
  house.add(alice());
  const Secret token = granted_token(house);
  const auto next = must(house.auth().roles().sessions.refresh(token, by_http()));
  CHECK_FALSE(next.session.use_before);
  CHECK(admitted(house, next.token) == "ok");
  CHECK(admitted(house, token) == "session_replaced");
}

TEST_CASE("after a refresh without entropy the old token is still good") {
  House house;
  house.add(alice());
  const auto opened = house.log_in(alice());
  const auto before = contents_of(house.medium());
  house.rng.run_dry_after(0);
  CHECK(outcome(house.auth().roles().sessions.refresh(opened.token, by_http())) == "entropy_unavailable");
  CHECK(contents_of(house.medium()) == before);
  CHECK(admitted(house, opened.token) == "ok");
}

TEST_CASE("who names no account or no session of the right form is told so") {
  House house;
  house.add(alice());
  auto& sessions = house.auth().roles().sessions;
  const std::string id(32, '0');
  CHECK(outcome(sessions.list("alice", 10)) == "malformed_account_id");
  CHECK(must(sessions.list(alice().account(), 0)).empty());
  CHECK(outcome(sessions.show("alice", id)) == "malformed_account_id");
  CHECK(outcome(sessions.show(alice().account(), "x")) == "malformed_message");
  CHECK(outcome(sessions.show(alice().account(), id)) == "not_found");
  CHECK(outcome(sessions.end_one("alice", id, by_hand())) == "malformed_account_id");
  CHECK(outcome(sessions.end_one(alice().account(), "x", by_hand())) == "malformed_message");
  CHECK(outcome(sessions.end_all(bob().account(), by_hand())) == "not_found");
}
