// A change of a profile, failed at every call to the store: groups, email and name change together or not at all.
#include "auth/accounts/profiles.hpp"
#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// What it was, and what it is to be: another at each point.
struct Change {
  records::Profile before;
  records::Profile after;
};

records::Profile profile_of(FaultyHouse& place) {
  return must(place.house.auth().roles().accounts.show(alice().account())).account.profile;
}

}  // namespace

TEST_CASE("S52 a change of a profile that meets any fault is made whole or not at all") {
  static int count = 0;
  at_every_fault(
      "account set",
      [](FaultyHouse& place) {
        const std::string next = std::to_string(++count);
        return Change{profile_of(place), {{"g" + next}, next + "@example.org", "Alice " + next}};
      },
      [](FaultyHouse& place, Change& change) {
        return accounts::change_profile(place.house.auth().roles().context, alice().account(),
                                        {change.after.groups, change.after.email, change.after.display_name},
                                        by_hand());
      },
      [](FaultyHouse& place, Change& change, const Result<records::Account>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        const records::Profile now = profile_of(place);
        if (result) CHECK(now == change.after);
        CHECK((now == change.before || now == change.after));
      });
}
