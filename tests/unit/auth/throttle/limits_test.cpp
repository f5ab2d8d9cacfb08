#include "auth/throttle/limits.hpp"

#include <catch2/catch.hpp>

#include <functional>

#include "auth/base/account_id.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kHere = "192.0.2.1";
const std::string kThere = "198.51.100.1";

std::string from(int n) {
  return "203.0.113." + std::to_string(n);
}

Json claim(const std::string& username, const std::string& password) {
  return Json::object().set("username", username).set("password", password);
}

std::string attempt(House& house, const std::string& username, const std::string& password, const std::string& source) {
  return outcome(run_from(house, source, "session.open", claim(username, password)));
}

HouseSettings strict() {
  HouseSettings settings;
  settings.policies.limits.password_accounts = {3, kPerMinute, 4096};
  settings.policies.limits.password_sources = {8, kPerMinute, 4096};
  return settings;
}

Secret refreshed(House& house, const Secret& token) {
  const Json opened = must(run_from(house, kHere, "session.refresh", Json::object(), token));
  return must(JsonReader(opened).secret("token"));
}

std::uint64_t hashes(House& house) {
  return house.auth().roles().hasher.counts().begun;
}

const std::string kRecord = "limits/server";

}  // namespace

TEST_CASE("S32 passwords for one account are limited from everywhere and right ones like wrong ones") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 3; ++i) CHECK(attempt(house, "alice", "wrong", from(i)) == "password_wrong");
  const auto before = hashes(house);
  CHECK(attempt(house, "alice", "wrong", from(4)) == "slow_down");
  CHECK(attempt(house, "alice", "right", from(5)) == "slow_down");
  CHECK(outcome(run_from(house, from(6), "password.change", claim("alice", "right").set("new_password", "new"))) ==
        "slow_down");
  CHECK(hashes(house) == before);
  // By its id it is the same account.
  const Json by_id = Json::object().set("account", alice().account()).set("password", "right");
  CHECK(outcome(run_from(house, from(7), "session.open", by_id)) == "slow_down");
  // One comes back each minute.
  house.clock.pass(std::chrono::seconds(60));
  CHECK(attempt(house, "alice", "right", from(8)) == "ok");
  CHECK(attempt(house, "alice", "right", from(8)) == "slow_down");
}

TEST_CASE("S32 names that exist and names that do not are limited alike") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  house.add(bob());
  const auto course = [&](const std::string& name) {
    std::string codes;
    for (int i = 0; i < 5; ++i) {
      const auto result = run_from(house, from(i), "session.open", claim(name, "wrong"));
      codes += std::string(name_of(public_face_of(result.error().code))) + " ";
    }
    return codes;
  };
  CHECK(course("alice") == "denied denied denied slow_down slow_down ");
  CHECK(course("bob") == course("carol"));
  CHECK(course("nobody") == "denied denied denied slow_down slow_down ");
}

TEST_CASE("S32 a source that guesses many names is limited and takes nothing from them then") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 8; ++i) CHECK(attempt(house, "name" + std::to_string(i), "wrong", kHere) == "account_unknown");
  for (int i = 0; i < 20; ++i) CHECK(attempt(house, "alice", "wrong", kHere) == "slow_down");
  CHECK(attempt(house, "alice", "right", kThere) == "ok");
}

TEST_CASE("S32 failed passwords never lock the key path") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 40; ++i) attempt(house, "alice", "wrong", i % 2 == 0 ? kHere : kThere);
  CHECK(attempt(house, "alice", "right", kThere) == "slow_down");
  CHECK_NOTHROW(house.log_in(alice()));
  // Nor a password that is set with the key.
  auto challenge = house.challenge_for(alice(), records::Purpose::password, records::Transport::http);
  const Json response = fields_of(house.answer_to(alice(), challenge));
  const Json next = Json::object().set("response", response).set("new_password", "new");
  CHECK(outcome(run_from(house, kHere, "password.change", next)) == "ok");
}

TEST_CASE("S32 whoever sits at the machine and a server without limits are not limited") {
  HouseSettings settings = strict();
  settings.policies.rate_limit = false;
  House house(settings, nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 20; ++i) CHECK(attempt(house, "alice", "wrong", kHere) == "password_wrong");
  CHECK(attempt(house, "alice", "right", kHere) == "ok");
}

TEST_CASE("S32 tokens that open nothing are counted and tokens that open never are") {
  HouseSettings settings;
  settings.policies.limits.requests = {5, 0.001, 4096};
  House house(settings, nullptr);
  house.add(alice());
  const auto opened = house.log_in(alice());
  const Secret nonsense{as_bytes("cs_" + std::string(43, 'A'))};
  for (int i = 0; i < 5; ++i)
    CHECK(outcome(run_from(house, kHere, "session.show", Json::object(), nonsense)) == "session_unknown");
  CHECK(outcome(run_from(house, kHere, "session.show", Json::object(), nonsense)) == "slow_down");
  CHECK(outcome(run_from(house, kHere, "session.refresh", Json::object(), nonsense)) == "slow_down");
  CHECK(outcome(run_from(house, kHere, "session.end", Json::object(), nonsense)) == "slow_down");
  for (int i = 0; i < 20; ++i)
    CHECK(outcome(run_from(house, kHere, "session.show", Json::object(), opened.token)) == "ok");
  CHECK(outcome(run_from(house, kThere, "session.show", Json::object(), nonsense)) == "session_unknown");
}

TEST_CASE("S32 refreshes are counted as logins by key are and checks of the same token never") {
  HouseSettings settings;
  settings.policies.limits.requests = {5, kPerMinute, 4096};
  House house(settings, nullptr);
  house.add(alice());
  Secret token = house.log_in(alice()).token;
  for (int i = 0; i < 5; ++i) token = refreshed(house, token);
  const auto before = contents_of(house.medium());
  CHECK(outcome(run_from(house, kHere, "session.refresh", Json::object(), token)) == "slow_down");
  CHECK(contents_of(house.medium()) == before);
  for (int i = 0; i < 20; ++i) CHECK(outcome(run_from(house, kHere, "session.show", Json::object(), token)) == "ok");
  CHECK(outcome(run_from(house, kHere, "challenge.issue", Json::object())) == "slow_down");
  // One comes back each minute, and another source has its own.
  house.clock.pass(std::chrono::seconds(60));
  token = refreshed(house, token);
  CHECK(outcome(run_from(house, kHere, "session.refresh", Json::object(), token)) == "slow_down");
  CHECK(outcome(run_from(house, kThere, "session.refresh", Json::object(), token)) == "ok");
}

TEST_CASE("S32 limits are kept across a restart and rest meanwhile") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 4; ++i) attempt(house, "alice", "wrong", kHere);
  for (int i = 0; i < 3; ++i) attempt(house, "nobody", "wrong", kHere);
  must(house.auth().close());
  must(house.restart());
  CHECK(attempt(house, "alice", "right", kThere) == "slow_down");
  CHECK(attempt(house, "nobody", "right", kThere) == "slow_down");
  CHECK(attempt(house, "bob", "wrong", kThere) == "account_unknown");
  house.clock.pass(std::chrono::seconds(61));
  must(house.restart());
  CHECK(attempt(house, "alice", "right", kThere) == "ok");
}

TEST_CASE("S32 what a source has used up is kept across a restart too, also by a clock that was set back") {
  HouseSettings settings = strict();
  settings.policies.limits.requests = {4, 0.01, 4096};
  House house(settings, nullptr);
  house.clock.pass(std::chrono::hours(2));
  house.add(alice(), "right");
  for (int i = 0; i < 8; ++i) attempt(house, "nobody" + std::to_string(i), "wrong", kHere);
  const auto challenge = [&](const std::string& source) {
    return outcome(run_from(house, source, "challenge.issue", Json::object().set("username", "alice")));
  };
  for (int i = 0; i < 4; ++i) CHECK(challenge(kHere) == "ok");
  CHECK(challenge(kHere) == "slow_down");
  must(house.auth().close());
  house.clock.set(house.clock.now() - std::chrono::hours(1));
  must(house.restart());
  CHECK(attempt(house, "alice", "right", kHere) == "slow_down");
  CHECK(challenge(kHere) == "slow_down");
  CHECK(challenge(kThere) == "ok");
}

TEST_CASE("S32 every operation that a stranger can bring counts against its source") {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  settings.policies.limits.requests = {1, 0.001, 4096};
  settings.policies.limits.password_sources = {1, 0.001, 4096};
  House house(settings, nullptr);
  int asked = 0;
  for (const transport::Operation& row : transport::operation_table()) {
    if ((row.carriers & static_cast<std::uint8_t>(transport::Carrier::http)) == 0) continue;
    CAPTURE(row.name);
    if (row.limit == transport::Limit::none) {
      // What it says is the same for everybody, and costs nothing.
      CHECK((row.name == "health.show" || row.name == "ready.show" || row.name == "server.show"));
      continue;
    }
    const auto twice = [&](const transport::Message& asks) {
      transport::Message message = asks;
      message.source = from(asked++);
      CHECK(outcome(house.operations().run(message)) != "slow_down");
      CHECK(outcome(house.operations().run(message)) == "slow_down");
    };
    transport::Message message = message_of(row.name, transport::Carrier::http);
    message.token = Secret{as_bytes("cs_" + std::string(43, 'A'))};
    if (row.name == "session.end_one") message.fields.set("session", std::string(32, '0'));
    twice(message);
    if (row.limit != transport::Limit::proof) continue;
    message.fields = claim("user" + std::to_string(asked), "wrong");
    twice(message);
  }
  CHECK(asked == 27);
}

TEST_CASE("limits are saved once a minute and only when something was counted") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  must(house.auth().maintain());
  CHECK_FALSE(contents_of(house.medium()).contains(kRecord));
  attempt(house, "alice", "wrong", kHere);
  must(house.auth().maintain());
  CHECK_FALSE(contents_of(house.medium()).contains(kRecord));
  house.clock.pass(std::chrono::seconds(60));
  must(house.auth().maintain());
  const std::string first = contents_of(house.medium()).at(kRecord);
  house.clock.pass(std::chrono::seconds(60));
  must(house.auth().maintain());
  CHECK(contents_of(house.medium()).at(kRecord) == first);
  CHECK(first.find(alice().account()) == std::string::npos);
}

TEST_CASE("limits whose record is damaged begin anew and nobody is locked out") {
  House house(strict(), nullptr);
  house.add(alice(), "right");
  for (int i = 0; i < 4; ++i) attempt(house, "alice", "wrong", kHere);
  must(house.auth().close());
  for (const std::string& text : {std::string(), std::string("{}"), contents_of(house.medium()).at(kRecord) + " "}) {
    put(house, kRecord, text);
    CHECK(outcome(house.restart()) == "ok");
    CHECK(attempt(house, "alice", "right", kThere) == "ok");
  }
}

TEST_CASE("the record of full tables fits the medium") {
  House house(strict(), nullptr);
  throttle::Limits limits(house.medium(), house.seal(), "server", house.settings.policies.limits);
  const auto now = house.clock.monotonic();
  for (int i = 0; i < 5000; ++i) {
    const std::string source =
        "2001:db8:" + hex(Bytes{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}) + "::1";
    static_cast<void>(limits.take_request(source, now));
    static_cast<void>(limits.take_password(source, account_id_of(source), now));
  }
  storage::Batch batch;
  CHECK(limits.stage(batch, house.clock.now(), now));
  CHECK(outcome(batch.check()) == "ok");
  must(house.medium().commit(batch));
  limits.saved();
  storage::Batch again;
  CHECK_FALSE(limits.stage(again, house.clock.now(), now));
  throttle::Limits next(house.medium(), house.seal(), "server", house.settings.policies.limits);
  CHECK(outcome(next.load(house.clock.now(), now)) == "ok");
}

TEST_CASE("a request counts as something to save, and a password too") {
  House house(strict(), nullptr);
  for (const bool password : {false, true}) {
    throttle::Limits limits(house.medium(), house.seal(), "another", house.settings.policies.limits);
    storage::Batch none, some;
    CHECK_FALSE(limits.stage(none, kNoon, {}));
    static_cast<void>(password ? limits.take_password(kHere, alice().account(), {}) : limits.take_request(kHere, {}));
    CHECK(limits.stage(some, kNoon, {}));
    CHECK(none.changes().empty());
    CHECK(some.changes().size() == 1);
  }
}

TEST_CASE("a saved record that is not of its form is refused, and the buckets stay as they were") {
  HouseSettings settings;
  settings.policies.limits.requests = {1, kPerMinute, 4096};
  House house(settings, nullptr);
  const auto load = [&](const Json& record) {
    put(house, kRecord, to_string(house.seal().close(kRecord, record)));
    throttle::Limits limits(house.medium(), house.seal(), "server", house.settings.policies.limits);
    const std::string loaded = outcome(limits.load(kNoon, {}));
    const std::string taken = outcome(limits.take_request("a key", {}));
    CHECK(taken == (loaded == "ok" ? "slow_down" : "ok"));
    return loaded;
  };
  const auto with = [](Json levels) {
    return Json::object()
        .set("version", 1)
        .set("saved_at", format_time(kNoon))
        .set("requests", std::move(levels))
        .set("password_sources", Json::array())
        .set("password_accounts", Json::array());
  };
  const Json good = with(Json::Array{Json("a key 0")});
  CHECK(load(good) == "ok");
  CHECK(load(Json(good).set("version", 2)) == "record_unreadable");
  CHECK(load(Json(good).set("more", 1)) == "record_unreadable");
  CHECK(load(with(Json("a key 0"))) == "record_unreadable");
  CHECK(load(with(Json::Array{Json(1)})) == "record_unreadable");
  for (const char* line : {"", "0", "a key -1", "a key 0x", "a key x", "a key ", "a key 0 "}) {
    CAPTURE(line);
    CHECK(load(with(Json::Array{Json("a key 0"), Json(line)})) == "record_unreadable");
  }
}

TEST_CASE("a clock that was set back gives nothing back, and one that went on gives back what it went on by") {
  HouseSettings settings;
  settings.policies.limits.requests = {1, 1, 4096};  // one a second
  House house(settings, nullptr);
  const auto left_after = [&](Seconds passed) {
    throttle::Limits before(house.medium(), house.seal(), "server", house.settings.policies.limits);
    must(before.take_request("a key", {}));
    storage::Batch batch;
    REQUIRE(before.stage(batch, kNoon, {}));
    must(house.medium().commit(batch));
    throttle::Limits after(house.medium(), house.seal(), "server", house.settings.policies.limits);
    must(after.load(kNoon + passed, {}));
    return outcome(after.take_request("a key", {}));
  };
  CHECK(left_after(Seconds(-3600)) == "slow_down");
  CHECK(left_after(Seconds(0)) == "slow_down");
  CHECK(left_after(Seconds(1)) == "ok");
}
