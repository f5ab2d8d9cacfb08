#include "auth/records/invite.hpp"

#include <catch2/catch.hpp>

#include "auth/records/invite_text.hpp"
#include "auth/records/session.hpp"
#include "storage/base/hash.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::Invite;
using records::InviteState;

namespace {

constexpr Instant kNow{Seconds{1'800'000'000}};
const std::string kId = "00112233445566778899aabbccddeeff";
const std::string kSecret = "ci_" + std::string(43, 'A');

Invite pending() {
  Invite invite;
  invite.id = kId;
  invite.profile.groups = {"staff"};
  invite.made_at = kNow - std::chrono::hours(1);
  invite.expires_at = kNow + std::chrono::hours(1);
  return invite;
}

Invite in_state(InviteState state) {
  Invite invite = pending();
  invite.state = state;
  if (state != InviteState::pending) invite.ended_at = kNow;
  if (state == InviteState::used) invite.account = alice().account();
  return invite;
}

constexpr InviteState kStates[] = {InviteState::pending, InviteState::used, InviteState::cancelled,
                                   InviteState::stolen};

Json without(Json json, const std::string& member) {
  json.erase(member);
  return json;
}

records::InviteText text_for(const std::string& username) {
  return {"https://auth.example.org", "https://auth.example.org",
          alice().fingerprint(),      username,
          Secret(as_bytes(kSecret)),  kNow};
}

std::string line_for(const std::string& username) {
  return std::string(write_invite_text(text_for(username)).reveal_text());
}

}  // namespace

TEST_CASE("the name of an invite's record follows from its secret and from nothing else") {
  const Secret secret{as_bytes(kSecret)};
  const Digest digest = sha256(as_bytes("countersign invite v1" + kSecret));
  CHECK(must(records::invite_id_of(secret)) == hex(ByteView(digest).first(16)));
  CHECK(records::invite_name(kId) == "invites/" + kId);
  CHECK(records::invite_named_in("invites/" + kId) == kId);
  for (const char* other : {"invites/", "invites/00", "sessions/00112233445566778899aabbccddeeff",
                            "invites/00112233445566778899AABBCCDDEEFF"}) {
    CHECK_FALSE(records::invite_named_in(other).has_value());
  }
}

TEST_CASE("a text that has not the form of an invite's secret finds nothing") {
  for (const std::string& text :
       {std::string(), std::string("ci_"), kSecret + "A", kSecret.substr(1), "cs_" + std::string(43, 'A'),
        "ci_" + std::string(42, 'A') + "!", "ci_" + std::string(42, 'A') + "B", std::string("x")}) {
    CAPTURE(text);
    CHECK(outcome(records::invite_id_of(Secret(as_bytes(text)))) == "invite_unknown");
  }
}

TEST_CASE("two secrets of invites are never the same and have one form") {
  FakeRng rng;
  const Secret one = must(records::make_invite_secret(rng));
  const Secret other = must(records::make_invite_secret(rng));
  CHECK(one.reveal_text() != other.reveal_text());
  CHECK(one.reveal_text().substr(0, 3) == "ci_");
  CHECK(one.size() == 46);
  CHECK(outcome(records::invite_id_of(one)) == "ok");
  rng.run_dry_after(0);
  CHECK(outcome(records::make_invite_secret(rng)) == "entropy_unavailable");
}

TEST_CASE("an invite in every state is written and read as the same") {
  for (const InviteState state : kStates) {
    for (const std::string& username : {std::string(), std::string("bob")}) {
      Invite invite = in_state(state);
      invite.username = username;
      invite.restores = 3;
      CAPTURE(name_of(state));
      const Invite read = must(records::parse_invite(write_invite(invite)));
      CHECK(read.id == invite.id);
      CHECK(read.username == invite.username);
      CHECK(read.profile == invite.profile);
      CHECK(read.made_at == invite.made_at);
      CHECK(read.expires_at == invite.expires_at);
      CHECK(read.state == invite.state);
      CHECK(read.account == invite.account);
      CHECK(read.ended_at == invite.ended_at);
      CHECK(read.restores == invite.restores);
    }
  }
}

TEST_CASE("every state has a row in its place and a name of its own") {
  std::set<std::string_view> names;
  for (const InviteState state : kStates) {
    CHECK(records::row_of(state).state == state);
    CHECK(names.insert(name_of(state)).second);
    CHECK(records::invite_state_named(name_of(state)) == state);
  }
  CHECK_FALSE(records::invite_state_named("expired").has_value());
}

TEST_CASE("a record that is no whole invite is unreadable") {
  const Json good = write_invite(in_state(InviteState::used));
  REQUIRE(outcome(records::parse_invite(good)) == "ok");
  for (const char* member : {"version", "invite", "made_at", "expires_at", "state", "account", "ended_at"}) {
    CAPTURE(member);
    CHECK(outcome(records::parse_invite(without(good, member))) == "record_unreadable");
  }
  CHECK(outcome(records::parse_invite(Json(good).set("more", 1))) == "record_unreadable");
  CHECK(outcome(records::parse_invite(Json(good).set("state", "expired"))) == "record_unreadable");
  CHECK(outcome(records::parse_invite(Json(good).set("invite", "x"))) == "record_unreadable");
  CHECK(outcome(records::parse_invite(write_invite(pending()).set("ended_at", format_time(kNow)))) ==
        "record_unreadable");
}

TEST_CASE("only a pending invite opens") {
  CHECK(outcome(judge_invite(in_state(InviteState::pending), "bob", 0, kNow)) == "ok");
  CHECK(outcome(judge_invite(in_state(InviteState::used), "bob", 0, kNow)) == "invite_spent");
  CHECK(outcome(judge_invite(in_state(InviteState::cancelled), "bob", 0, kNow)) == "invite_cancelled");
  CHECK(outcome(judge_invite(in_state(InviteState::stolen), "bob", 0, kNow)) == "invite_cancelled");
}

TEST_CASE("an invite expires at its end and not before") {
  const Invite invite = pending();
  CHECK(outcome(judge_invite(invite, "bob", 0, invite.expires_at - Seconds(1))) == "ok");
  CHECK(outcome(judge_invite(invite, "bob", 0, invite.expires_at)) == "invite_expired");
  CHECK(shown_state(invite, 0, invite.expires_at - Seconds(1)) == "pending");
  CHECK(shown_state(invite, 0, invite.expires_at) == "expired");
  // Made while the clock ran far ahead, so its end lies as far.
  CHECK(outcome(judge_invite(invite, "bob", 0, invite.made_at - records::kCreatedAheadMax)) == "ok");
  CHECK(outcome(judge_invite(invite, "bob", 0, invite.made_at - records::kCreatedAheadMax - Seconds(1))) ==
        "invite_expired");
}

TEST_CASE("an invite from before a restore is void") {
  Invite invite = pending();
  CHECK(outcome(judge_invite(invite, "bob", 1, kNow)) == "invite_expired");
  CHECK(shown_state(invite, 1, kNow) == "void");
  invite.restores = 1;
  CHECK(outcome(judge_invite(invite, "bob", 1, kNow)) == "ok");
  CHECK(shown_state(in_state(InviteState::used), 1, kNow) == "used");
}

TEST_CASE("an invite for a name is good for that name alone, byte for byte") {
  Invite invite = pending();
  invite.username = "bob";
  CHECK(outcome(judge_invite(invite, "bob", 0, kNow)) == "ok");
  for (const char* other : {"", "alice", "Bob", "bob ", "bobby", "bo"}) {
    CHECK(outcome(judge_invite(invite, other, 0, kNow)) == "invite_for_another");
  }
  // What it is for is not said of one that opens nothing.
  invite.state = InviteState::used;
  CHECK(outcome(judge_invite(invite, "alice", 0, kNow)) == "invite_spent");
}

TEST_CASE("an invite's text is one line of JSON that says all that the invited need") {
  const std::string line = line_for("bob");
  CHECK(line ==
        "{\"countersign_invite\":1,\"server\":\"https://auth.example.org\",\"url\":\"https://auth.example.org\","
        "\"server_key\":\"" +
            alice().fingerprint().upper() + "\",\"username\":\"bob\",\"invite\":\"" + kSecret +
            "\",\"expires\":\"2027-01-15T08:00:00Z\"}");
  for (const std::string& text : {line, line + "\n", " \t\r\n" + line + "\r\n\r\n"}) {
    const auto read = must(records::parse_invite_text(text));
    CHECK(read.server == "https://auth.example.org");
    CHECK(read.url == "https://auth.example.org");
    CHECK(read.server_key == alice().fingerprint());
    CHECK(read.username == "bob");
    CHECK(read.secret.reveal_text() == kSecret);
    CHECK(read.expires_at == kNow);
  }
  CHECK(line_for("").find("\"username\":null,") != std::string::npos);
  CHECK(must(records::parse_invite_text(line_for(""))).username.empty());
}

TEST_CASE("what is no invite is refused with what it is") {
  const auto told = [](const std::string& text) {
    const auto read = records::parse_invite_text(text);
    return read ? "ok" : outcome(read) + ": " + read.error().detail;
  };
  CHECK(told("") == "malformed_message: this is no invite: it is empty");
  CHECK(told(" \n") == "malformed_message: this is no invite: it is empty");
  CHECK(told(alice().certificate()) == "malformed_message: this is no invite: it is a PGP PUBLIC KEY BLOCK");
  CHECK(told("cs_" + std::string(43, 'A')) == "malformed_message: this is no invite: it looks like a session's token");
  CHECK(told(kSecret).find("the whole line is needed") != std::string::npos);
  CHECK(told("{\"server\":1}").find("another kind") != std::string::npos);
  CHECK(told(line_for("bob").substr(0, 60)).find("a part of an invite") != std::string::npos);
  CHECK(told("hello").find("something else") != std::string::npos);
  // A secret is in no message, whatever is wrong beside it.
  CHECK(told(line_for("bob") + "x").find(kSecret) == std::string::npos);
}

TEST_CASE("an invite's text is taken as it is made and in no other form") {
  const Json good = must(parse_json(line_for("bob")));
  const auto read = [](const Json& json) { return outcome(records::parse_invite_text(write_json(json))); };
  REQUIRE(read(good) == "ok");
  for (const char* member : {"server", "url", "server_key", "invite", "expires"}) {
    CAPTURE(member);
    CHECK(read(without(good, member)) == "malformed_message");
    CHECK(read(Json(good).set(member, "")) != "ok");
    CHECK(read(Json(good).set(member, 1)) == "malformed_message");
  }
  CHECK(read(Json(good).set("more", "x")) == "malformed_message");
  CHECK(read(Json(good).set("countersign_invite", 2)) == "unknown_version");
  CHECK(read(Json(good).set("countersign_invite", "1")) == "malformed_message");
  CHECK(read(Json(good).set("username", "Bob")) == "malformed_username");
  CHECK(read(Json(good).set("username", "server")) == "account_reserved");
  CHECK(read(Json(good).set("server", "a b")) == "malformed_name");
  CHECK(read(Json(good).set("invite", "ci_short")) == "malformed_message");
}
