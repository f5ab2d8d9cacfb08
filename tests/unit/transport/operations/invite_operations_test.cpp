#include <catch2/catch.hpp>

#include "tests/support/invited.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;

namespace {

Result<Json> run(House& house, std::string_view operation, Json fields, Carrier carrier = Carrier::local) {
  transport::Message message = message_of(operation, carrier);
  message.fields = std::move(fields);
  return house.operations().run(message);
}

std::string text_of_member(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  if (member == nullptr) return "<absent>";
  return member->string() != nullptr ? *member->string() : write_json(*member);
}

Json week() {
  return Json::object().set("lifetime_seconds", 7 * 86400);
}

}  // namespace

TEST_CASE("an invite that is made is told with its secret, and never again") {
  House house(by_invite(), nullptr);
  Json groups = Json::array();
  groups.push("staff");
  const Json made = must(run(house, "invite.new", week().set("username", "bob").set("groups", std::move(groups))));
  CHECK(text_of_member(made, "username") == "bob");
  CHECK(text_of_member(made, "state") == "pending");
  CHECK(text_of_member(made, "groups") == "[\"staff\"]");
  CHECK(text_of_member(made, "server") == house.settings.server);
  CHECK(text_of_member(made, "server_key") == house.fingerprint().upper());
  CHECK(text_of_member(made, "registration") == "invite");
  const std::string secret = text_of_member(made, "secret");
  CHECK(secret.size() == 46);
  const Json id = Json::object().set("invite", text_of_member(made, "invite"));
  for (const auto& [operation, fields] :
       std::vector<std::pair<const char*, Json>>{{"invite.list", Json::object()},
                                                 {"invite.show", id},
                                                 {"invite.renew", Json(id).set("lifetime_seconds", 8 * 86400)},
                                                 {"invite.cancel", id}}) {
    CAPTURE(operation);
    const Json answer = must(run(house, operation, fields));
    CHECK(write_json(answer).find(secret.substr(3)) == std::string::npos);
    CHECK(write_json(answer).find(text_of_member(made, "invite")) != std::string::npos);
  }
}

TEST_CASE("a list of invites says of each what became of it") {
  House house(by_invite(), nullptr);
  const auto used = make_invite(house, "bob");
  REQUIRE(enrolled_by(house, bob(), used.secret) == "ok");
  const auto cancelled = make_invite(house, "");
  must(house.auth().roles().invites.cancel(cancelled.invite.id, by_hand()));
  const auto pending = make_invite(house, "");
  const auto damaged = make_invite(house, "");
  must(put(house.medium(), records::invite_name(damaged.invite.id), "x"));
  house.clock.pass(std::chrono::days(7));
  const auto fresh = make_invite(house, "carol");
  std::map<std::string, Json> rows;
  const Json answer = must(run(house, "invite.list", Json::object()));
  for (const Json& row : *answer.find("invites")->items()) rows[text_of_member(row, "invite")] = row;
  REQUIRE(rows.size() == 5);
  CHECK(text_of_member(rows[used.invite.id], "state") == "used");
  CHECK(text_of_member(rows[used.invite.id], "account") == bob().account());
  CHECK(text_of_member(rows[cancelled.invite.id], "state") == "cancelled");
  CHECK(text_of_member(rows[pending.invite.id], "state") == "expired");
  CHECK(text_of_member(rows[pending.invite.id], "username") == "null");
  CHECK(text_of_member(rows[damaged.invite.id], "state") == "record_unreadable");
  CHECK(text_of_member(rows[fresh.invite.id], "state") == "pending");
}

TEST_CASE("a list of invites goes on after an id, whole or its beginning") {
  House house(by_invite(), nullptr);
  for (int i = 0; i < 3; ++i) make_invite(house, "");
  const Json first = must(run(house, "invite.list", Json::object().set("limit", 2)));
  CHECK(first.find("invites")->items()->size() == 2);
  const std::string next = text_of_member(first, "next");
  for (const std::string& after : {next, next.substr(0, 12)}) {
    const Json second = must(run(house, "invite.list", Json::object().set("after", after)));
    CHECK(second.find("invites")->items()->size() == 1);
    CHECK(second.find("next") == nullptr);
  }
  CHECK(outcome(run(house, "invite.list", Json::object().set("limit", 0))) == "malformed_message");
  CHECK(outcome(run(house, "invite.list", Json::object().set("limit", 10'001))) == "malformed_message");
}

TEST_CASE("S11 every refusal of an invite has one face, at the challenge and at the account") {
  House house(by_invite(), nullptr);
  const auto cancelled = make_invite(house, "");
  must(house.auth().roles().invites.cancel(cancelled.invite.id, by_hand()));
  const auto expired = make_invite(house, "");
  house.clock.pass(std::chrono::days(7));
  const auto anothers = make_invite(house, "carol");
  const auto used = make_invite(house, "");
  REQUIRE(enrolled_by(house, carol(), used.secret) == "ok");
  std::set<std::string> codes;
  for (const std::string& secret :
       {std::string("x"), std::string(46, 'A'), "ci_" + std::string(43, 'A'), std::string(3000, 'x'),
        std::string(cancelled.secret.reveal_text()), std::string(expired.secret.reveal_text()),
        std::string(anothers.secret.reveal_text()), std::string(used.secret.reveal_text())}) {
    const Json asks = Json::object()
                          .set("username", "bob")
                          .set("purpose", "enrol")
                          .set("public_key", bob().certificate())
                          .set("invite", secret);
    const auto challenge = run(house, "challenge.issue", asks, Carrier::http);
    CHECK(face_of_outcome(challenge) == Face::denied);
    const auto account = run(house, "account.enrol",
                             Json::object()
                                 .set("response", fields_of(answer_with(house, bob())))
                                 .set("public_key", bob().certificate())
                                 .set("invite", secret),
                             Carrier::http);
    CHECK(face_of_outcome(account) == Face::denied);
    CHECK(outcome(challenge) == outcome(account));
    codes.insert(outcome(challenge));
  }
  CHECK(codes == std::set<std::string>{"invite_unknown", "invite_cancelled", "invite_expired", "invite_for_another",
                                       "invite_spent"});
}

TEST_CASE("S32 guesses at invites are limited as other proofs are") {
  HouseSettings settings = by_invite();
  settings.policies.rate_limit = true;
  settings.policies.limits.requests = {3, 0.001, 4096};
  House house(settings, nullptr);
  const Json guess = Json::object()
                         .set("username", "bob")
                         .set("purpose", "enrol")
                         .set("public_key", bob().certificate())
                         .set("invite", "ci_" + std::string(43, 'A'));
  for (int i = 0; i < 3; ++i) {
    CHECK(outcome(run_from(house, "192.0.2.1", "challenge.issue", guess)) == "invite_unknown");
  }
  CHECK(outcome(run_from(house, "192.0.2.1", "challenge.issue", guess)) == "slow_down");
  CHECK(outcome(run_from(house, "192.0.2.2", "challenge.issue", guess)) == "invite_unknown");
}
