#include "auth/invites/invites.hpp"

#include <catch2/catch.hpp>

#include "storage/base/text.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/invited.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr Seconds kWeek = std::chrono::days(7);

std::string state_of(House& house, const std::string& id) {
  return std::string(name_of(must(house.auth().roles().invites.show(id)).state));
}

std::string made(House& house, const invites::NewInvite& wanted) {
  return outcome(house.auth().roles().invites.make(wanted, by_hand()));
}

}  // namespace

TEST_CASE("an invite is one sealed record and one decision, and its secret is in neither") {
  House house;
  const auto before = contents_of(house.medium());
  const auto invite = make_invite(house, "bob", {"staff"});
  const auto after = contents_of(house.medium());
  CHECK(after.contains(records::invite_name(invite.invite.id)));
  CHECK(after.size() == before.size() + 2);
  CHECK(newest_audit(house) == "invite_made: invite " + invite.invite.id + " for bob");
  const std::string secret(invite.secret.reveal_text());
  for (const auto& [name, text] : after) {
    CAPTURE(name);
    CHECK(name.find(secret.substr(3)) == std::string::npos);
    CHECK(text.find(secret.substr(3)) == std::string::npos);
  }
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}

TEST_CASE("an invite says for how long, for whom and for which groups it is") {
  House house;
  const auto bobs = make_invite(house, "bob", {"staff", "ops"});
  CHECK(bobs.invite.username == "bob");
  CHECK(bobs.invite.profile.groups == std::vector<std::string>{"staff", "ops"});
  CHECK(bobs.invite.made_at == house.clock.now());
  CHECK(bobs.invite.expires_at == house.clock.now() + kWeek);
  const auto anybodys = make_invite(house, "", {});
  CHECK(must(house.auth().roles().invites.show(anybodys.invite.id)).username.empty());
}

TEST_CASE("an invite that nobody could use is not made") {
  House house;
  house.add(alice());
  CHECK(made(house, {"alice", {}, kWeek}) == "account_exists");
  CHECK(made(house, {"Bob", {}, kWeek}) == "malformed_username");
  CHECK(made(house, {"server", {}, kWeek}) == "account_reserved");
  records::Profile wrong;
  wrong.groups = {"Staff"};
  CHECK(made(house, {"bob", wrong, kWeek}) == "malformed_message");
  CHECK(made(house, {"bob", {}, Seconds(59)}) == "malformed_message");
  CHECK(made(house, {"bob", {}, std::chrono::days(366)}) == "malformed_message");
  CHECK(made(house, {"bob", {}, Seconds(60)}) == "ok");
  CHECK(made(house, {"bob", {}, std::chrono::days(365)}) == "ok");
  // Of a deleted account the name is free again.
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  CHECK(made(house, {"alice", {}, kWeek}) == "ok");
}

TEST_CASE("an invite is found by its id and by eight digits of that or more") {
  House house;
  const std::string id = make_invite(house, "bob").invite.id;
  for (const std::string& typed : {id, id.substr(0, 8), id.substr(0, 31)}) {
    CHECK(must(house.auth().roles().invites.show(typed)).id == id);
  }
  CHECK(outcome(house.auth().roles().invites.show(id.substr(0, 7))) == "malformed_message");
  CHECK(outcome(house.auth().roles().invites.show("../" + id)) == "malformed_message");
  CHECK(outcome(house.auth().roles().invites.show(std::string(32, '0'))) == "not_found");
  CHECK(outcome(house.auth().roles().invites.show(std::string(8, '0'))) == "not_found");
}

TEST_CASE("invites are listed in pages and one that is damaged hides no other") {
  House house;
  std::set<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(make_invite(house, "").invite.id);
  const std::string damaged = *ids.begin();
  must(put(house.medium(), records::invite_name(damaged), "x"));
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    const auto page = must(house.auth().roles().invites.list(after, 2));
    for (const auto& one : page.invites) {
      CHECK(seen.insert(one.id).second);
      CHECK(one.invite.has_value() == (one.id != damaged));
    }
    after = page.next;
    ++pages;
  } while (!after.empty());
  CHECK(pages == 3);
  CHECK(seen == ids);
}

TEST_CASE("a cancelled invite opens nothing and is cancelled once") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob");
  must(house.auth().roles().invites.cancel(invite.invite.id, by_hand()));
  CHECK(newest_audit(house) == "invite_cancelled: invite " + invite.invite.id + " for bob");
  CHECK(enrolled_by(house, bob(), invite.secret) == "invite_cancelled");
  CHECK(outcome(house.auth().roles().invites.cancel(invite.invite.id, by_hand())) == "invite_cancelled");
  CHECK(outcome(house.auth().roles().invites.renew(invite.invite.id, kWeek, by_hand())) == "invite_cancelled");
  CHECK(state_of(house, invite.invite.id) == "cancelled");
}

TEST_CASE("an invite that nobody has used ends later once it is renewed, and one that expired is good again") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob");
  CHECK(outcome(house.auth().roles().invites.renew(invite.invite.id, std::chrono::days(6), by_hand())) ==
        "malformed_message");
  CHECK(outcome(house.auth().roles().invites.renew(invite.invite.id, kWeek, by_hand())) == "malformed_message");
  house.clock.pass(kWeek);
  CHECK(enrolled_by(house, bob(), invite.secret) == "invite_expired");
  const auto renewed = must(house.auth().roles().invites.renew(invite.invite.id, std::chrono::days(1), by_hand()));
  CHECK(renewed.expires_at == house.clock.now() + std::chrono::days(1));
  CHECK(newest_audit(house) ==
        "invite_renewed: invite " + invite.invite.id + " for bob until " + format_time(renewed.expires_at));
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
  CHECK(outcome(house.auth().roles().invites.renew(invite.invite.id, kWeek, by_hand())) == "invite_spent");
  CHECK(outcome(house.auth().roles().invites.cancel(invite.invite.id, by_hand())) == "invite_spent");
}

TEST_CASE("S87 a stolen invite that nobody has used opens nothing, and one like it takes its place") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob", {"staff"});
  const auto stolen = must(house.auth().roles().invites.report_stolen(invite.invite.id, kWeek, by_hand()));
  CHECK(stolen.account_deleted.empty());
  CHECK(stolen.next.invite.username == "bob");
  CHECK(stolen.next.invite.profile.groups == std::vector<std::string>{"staff"});
  CHECK(newest_audit(house) ==
        "invite_stolen: invite " + invite.invite.id + " for bob, in its place " + stolen.next.invite.id);
  CHECK(enrolled_by(house, carol(), invite.secret) == "invite_cancelled");
  CHECK(enrolled_by(house, bob(), invite.secret) == "invite_cancelled");
  CHECK(enrolled_by(house, bob(), stolen.next.secret) == "ok");
  CHECK(outcome(house.auth().roles().invites.report_stolen(invite.invite.id, kWeek, by_hand())) == "invite_cancelled");
}

TEST_CASE("S87 what came of a stolen invite is gone with its sessions, and its name is free for whom it was meant") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob", {"staff"});
  const Person thief("bob", openpgp::KeyKind::ed25519_cv25519);
  REQUIRE(enrolled_by(house, thief, invite.secret) == "ok");
  const auto session = house.log_in(thief);
  const auto challenge = house.answer(thief, house.issue(thief));
  const auto stolen = must(house.auth().roles().invites.report_stolen(invite.invite.id, kWeek, by_hand()));
  CHECK(stolen.account_deleted == bob().account());
  CHECK(state_of(house, invite.invite.id) == "stolen");
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "account_not_active");
  CHECK(outcome(house.auth().roles().login.redeem(challenge, by_http())) == "account_not_active");
  CHECK(enrolled_by(house, bob(), stolen.next.secret) == "ok");
  CHECK_NOTHROW(house.log_in(bob()));
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "epoch_passed");
  // It is on the list that others read.
  CHECK(names_in(house.medium(), "revocations/", 9).size() == 1);
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}

TEST_CASE("an account that only has the name of a stolen invite's is left alone") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob");
  const Person thief("bob", openpgp::KeyKind::ed25519_cv25519);
  REQUIRE(enrolled_by(house, thief, invite.secret) == "ok");
  must(house.auth().roles().deletion.by_administrator(bob().account(), by_hand()));
  house.clock.pass(Seconds(1));
  house.add(bob());
  const auto stolen = must(house.auth().roles().invites.report_stolen(invite.invite.id, kWeek, by_hand()));
  CHECK(stolen.account_deleted.empty());
  CHECK_NOTHROW(house.log_in(bob()));
}

TEST_CASE("S88 an invite from before a restore opens nothing, and is renewed by nobody") {
  House house(by_invite(), nullptr);
  const auto used = make_invite(house, "bob");
  const std::string backup = backup_of(house);
  REQUIRE(enrolled_by(house, bob(), used.secret) == "ok");
  must(house.auth().close());
  must(RestoreScene(house, house.medium()).put_back(backup));
  must(house.restart());
  // In the backup it is as if nobody had used it.
  CHECK(state_of(house, used.invite.id) == "pending");
  CHECK(enrolled_by(house, bob(), used.secret) == "invite_expired");
  CHECK(outcome(house.auth().roles().invites.renew(used.invite.id, std::chrono::days(30), by_hand())) ==
        "invite_expired");
  const auto next = make_invite(house, "bob");
  CHECK(enrolled_by(house, bob(), next.secret) == "ok");
}
