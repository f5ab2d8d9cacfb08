#include "auth/accounts/profiles.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house_keys.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::accounts;
using namespace countersign::test;

namespace {

Result<records::Account> change(House& house, const ProfileChange& change) {
  return change_profile(house.auth().roles().context, alice().account(), change, by_hand());
}

}  // namespace

TEST_CASE("of a profile what is not given stays, and what is empty is taken away") {
  const records::Profile before{{"staff"}, "a@b", "Alice"};
  CHECK(must(changed_profile(before, {})) == before);
  CHECK(must(changed_profile(before, {{{}}, {}, {}})) == records::Profile{{}, "a@b", "Alice"});
  CHECK(must(changed_profile(before, {{}, "", {}})) == records::Profile{{"staff"}, "", "Alice"});
  CHECK(must(changed_profile(before, {{}, {}, ""})) == records::Profile{{"staff"}, "a@b", ""});
  CHECK(must(changed_profile(before, {{{"x", "y"}}, "c@d", "Al"})) == records::Profile{{"x", "y"}, "c@d", "Al"});
  CHECK(outcome(changed_profile(before, {{{"x", "x"}}, {}, {}})) == "malformed_message");
  CHECK(outcome(changed_profile(before, {{{"A"}}, {}, {}})) == "malformed_message");
  CHECK(outcome(changed_profile(before, {{}, "nobody", {}})) == "malformed_message");
  CHECK(outcome(changed_profile(before, {{}, {}, "a\nb"})) == "malformed_message");
}

TEST_CASE("the record of decisions says which groups changed, and of the rest only that it did") {
  const records::Profile before{{"staff", "ops"}, "a@b", "Alice"};
  CHECK(describe_change(before, before).empty());
  CHECK(describe_change(before, {{"ops", "admins"}, "a@b", "Alice"}) == "groups +admins -staff");
  CHECK(describe_change(before, {{"ops", "staff"}, "a@b", "Alice"}) == "groups in another order");
  CHECK(describe_change(before, {{"staff", "ops"}, "c@d", "Al"}) == "email, name");
  CHECK(describe_change(before, {}) == "groups -staff -ops, no email, no name");
}

TEST_CASE("a profile changes in one batch, and open sessions show it at their next check") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  auto& sessions = house.auth().roles().sessions;
  CHECK(must(sessions.admit_with_profile(session.token, by_http())).profile == records::Profile());
  const records::Profile wanted{{"staff", "ops"}, "alice@example.org", "Alice"};
  CHECK(must(change(house, {wanted.groups, wanted.email, wanted.display_name})).profile == wanted);
  CHECK(newest_audit(house) == "profile_changed: groups +staff +ops, email, name");
  CHECK(must(sessions.admit_with_profile(session.token, by_http())).profile == wanted);
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
  // By another process, whose change this one has not made.
  const auto another = must(house.another(house.medium(), "cli"));
  must(change_profile(another->roles().context, alice().account(), {{{"ops"}}, {}, {}}, by_hand()));
  CHECK(must(sessions.admit_with_profile(session.token, by_http())).profile.groups == std::vector<std::string>{"ops"});
}

TEST_CASE("a profile that is as it was is not written") {
  House house;
  house.add(alice());
  must(change(house, {{{"staff"}}, {}, {}}));
  const auto before = contents_of(house.medium());
  CHECK(must(change(house, {{{"staff"}}, "", {}})).profile.groups.size() == 1);
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("who has no account has no profile") {
  House house;
  CHECK(outcome(change(house, {{{"staff"}}, {}, {}})) == "not_found");
  house.add(alice());
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  CHECK(outcome(change(house, {{{"staff"}}, {}, {}})) == "account_not_active");
  CHECK(outcome(change_profile(house.auth().roles().context, id_of({"server", ""}), {}, by_hand())) ==
        "account_reserved");
}
