#include "auth/records/session.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "storage/base/hash.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

records::Session session() {
  records::Session out;
  out.id = "0123456789abcdef0123456789abcdef";
  out.account = alice().account();
  out.username = "alice";
  out.method = "key";
  out.fingerprint = alice().fingerprint().upper();
  out.transport = "http";
  out.epoch = 7;
  out.created_at = kNoon;
  out.idle_expires_at = kNoon + std::chrono::hours(12);
  out.expires_at = kNoon + std::chrono::hours(24);
  return out;
}

}  // namespace

TEST_CASE("a session ends at its idle limit and not after it") {
  records::Session idle = session();
  CHECK(outcome(judge_session(idle, kNoon)) == "ok");
  CHECK(outcome(judge_session(idle, idle.idle_expires_at - Seconds(1))) == "ok");
  CHECK(outcome(judge_session(idle, idle.idle_expires_at)) == "session_expired");
}

TEST_CASE("a session ends at its absolute limit however busy it is") {
  records::Session busy = session();
  busy.idle_expires_at = busy.expires_at + std::chrono::hours(1);
  CHECK(outcome(judge_session(busy, busy.expires_at - Seconds(1))) == "ok");
  CHECK(outcome(judge_session(busy, busy.expires_at)) == "session_expired");
}

TEST_CASE("a grant is usable until its instant and its limits have not begun") {
  records::Session granted = session();
  granted.use_before = kNoon + std::chrono::days(7);
  CHECK(outcome(judge_session(granted, kNoon + std::chrono::days(7) - Seconds(1))) == "ok");
  CHECK(outcome(judge_session(granted, kNoon + std::chrono::days(7))) == "session_grant_expired");
}

TEST_CASE("a replaced token opens nothing whatever its limits say") {
  records::Session replaced = session();
  replaced.replaced_at = kNoon;
  CHECK(outcome(judge_session(replaced, kNoon)) == "session_replaced");
  replaced.use_before = kNoon + Seconds(1);
  CHECK(outcome(judge_session(replaced, kNoon)) == "session_replaced");
}

TEST_CASE("a session that was opened while the clock ran ahead ends when the clock is right again") {
  CHECK(outcome(judge_session(session(), kNoon - std::chrono::hours(1))) == "ok");
  CHECK(outcome(judge_session(session(), kNoon - std::chrono::hours(1) - Seconds(1))) == "session_expired");
  records::Session granted = session();
  granted.use_before = kNoon + std::chrono::days(7);
  CHECK(outcome(judge_session(granted, kNoon - std::chrono::hours(1) - Seconds(1))) == "session_grant_expired");
}

TEST_CASE("S43 a token is 256 random bits and its record is named by its hash") {
  FakeRng rng;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const Secret token = must(records::make_token(rng));
    const std::string text(token.reveal_text());
    REQUIRE(text.size() == 46);
    REQUIRE(text.starts_with("cs_"));
    REQUIRE(from_base64url(text.substr(3))->size() == 32);
    CHECK(must(records::session_name(text)) == "sessions/" + hex(sha256(as_bytes(text))));
    CHECK(seen.insert(text).second);
  }
}

TEST_CASE("without entropy there is no token and no session id") {
  FakeRng rng;
  rng.run_dry_after(0);
  CHECK(outcome(records::make_token(rng)) == "entropy_unavailable");
  CHECK(outcome(records::make_session_id(rng)) == "entropy_unavailable");
}

TEST_CASE("what is not of a token's form is refused before any look-up") {
  const std::string good = "cs_" + std::string(42, 'A') + "E";
  REQUIRE(records::session_name(good));
  for (const std::string& bad :
       {std::string(), std::string("cs_"), good.substr(3), good.substr(0, 45), good + "A", "CS_" + good.substr(3),
        "cs-" + good.substr(3), "cs_" + std::string(42, 'A') + "F", "cs_" + std::string(42, 'A') + "=",
        "cs_" + std::string(42, 'A') + "\n", "cs_" + std::string(42, '/') + "E", " " + good.substr(0, 45),
        std::string(1 << 20, 'A')}) {
    CAPTURE(bad.substr(0, 60));
    CHECK(outcome(records::session_name(bad)) == "malformed_token");
    CHECK(face_of_outcome(records::session_name(bad)) == Face::denied);
  }
}

TEST_CASE("a session id is 32 lower-case hex digits before it becomes part of a name") {
  CHECK(records::check_session_id("0123456789abcdef0123456789abcdef"));
  for (const char* bad : {"", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeF",
                          "0123456789abcdef0123456789abcdef0", "../456789abcdef0123456789abcdef0"}) {
    CHECK(outcome(records::check_session_id(bad)) == "malformed_message");
  }
}

TEST_CASE("a session record is read as it was written") {
  records::Session one = session();
  one.use_before = kNoon + Seconds(5);
  one.replaced_at = kNoon + Seconds(6);
  for (const records::Session& written : {session(), one}) {
    const records::Session read = must(records::parse_session(write_session(written)));
    CHECK(write_json(write_session(read)) == write_json(write_session(written)));
    CHECK(read.use_before == written.use_before);
    CHECK(read.replaced_at == written.replaced_at);
    CHECK(read.epoch == 7);
  }
}

TEST_CASE("S74 a session record that is not understood is refused and never taken for none") {
  const Json good = write_session(session());
  for (const auto& [name, value] : *good.members()) {
    Json changed = good;
    changed.erase(name);
    CAPTURE(name);
    CHECK(outcome(records::parse_session(changed)) == "record_unreadable");
  }
  Json newer = good;
  newer.set("version", 2);
  CHECK(outcome(records::parse_session(newer)) == "record_unreadable");
  CHECK(records::parse_session(newer).error().detail.find("unknown_version") != std::string::npos);
  for (const auto& [name, value] : std::vector<std::pair<std::string, Json>>{{"epoch", Json(-1)},
                                                                             {"epoch", Json("7")},
                                                                             {"created_at", Json("yesterday")},
                                                                             {"session", Json("x")},
                                                                             {"account", Json("alice")},
                                                                             {"more", Json(1)}}) {
    Json changed = good;
    changed.set(name, value);
    CAPTURE(name);
    CHECK(outcome(records::parse_session(changed)) == "record_unreadable");
  }
}

TEST_CASE("a session record says how often the store was restored where it was") {
  records::Session one = session();
  one.epoch = 0;
  CHECK(write_session(one).find("restores") == nullptr);
  CHECK(must(records::parse_session(write_session(one))).epoch == 0);
  CHECK(must(records::parse_session(write_session(one))).restores == 0);
  one.restores = 1;
  CHECK(must(records::parse_session(write_session(one))).restores == 1);
  CHECK(outcome(judge_restores(one, 1)) == "ok");
  for (const int restores : {0, 2}) CHECK(outcome(judge_restores(one, restores)) == "session_expired");
}
