#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

struct Replacing {
  Fingerprint before;
};

Fingerprint present_key(FaultyHouse& place) {
  return must(place.house.auth().roles().key_upkeep.show()).identity.fingerprint();
}

struct Extending {
  std::optional<Instant> before;
  Instant after;
};

std::optional<Instant> end_of(FaultyHouse& place) {
  return must(place.house.auth().roles().key_upkeep.show()).facts.primary.expires_at;
}

}  // namespace

TEST_CASE("a server key that is extended amid any fault has its old end or its new one and signs") {
  at_every_fault(
      "extending the server's key",
      [](FaultyHouse& place) {
        place.house.clock.pass(Seconds(1));
        return Extending{end_of(place), place.house.clock.now() + 100 * kDay};
      },
      [](FaultyHouse& place, Extending& it) {
        return place.house.auth().roles().key_upkeep.extend(it.after, by_hand());
      },
      [](FaultyHouse& place, Extending& it, const Result<upkeep::ServerKeyView>& view) {
        if (!view) CHECK(outcome(view) == "storage_unavailable");
        const auto end = end_of(place);
        if (view) CHECK(end == it.after);
        const bool old_or_new = end == it.before || end == it.after;
        CHECK(old_or_new);
        must(place.house.restart());
        place.house.log_in(alice());
      });
}

TEST_CASE("a server key that is replaced amid any fault is the old one or the new one and signs") {
  at_every_fault(
      "replacing the server's key",
      [](FaultyHouse& place) {
        place.house.clock.pass(Seconds(1));
        must(place.house.restart());
        return Replacing{present_key(place)};
      },
      [](FaultyHouse& place, Replacing&) {
        return place.house.auth().roles().key_upkeep.replace({Seconds(90 * 86400)}, by_hand());
      },
      [](FaultyHouse& place, Replacing& it, const Result<upkeep::ServerKeyView>& view) {
        if (!view) CHECK(outcome(view) == "storage_unavailable");
        if (view) CHECK(view->identity.fingerprint() != it.before);
        const auto open_challenge = place.house.answer(alice(), place.house.issue(alice()));
        must(place.house.restart());
        const auto after = present_key(place);
        // A key that came after the old one is followed to.
        if (after != it.before)
          CHECK(place.house.auth()
                    .roles()
                    .identity.followed_at(place.house.auth().roles().timekeeper.now().wall)
                    .front()
                    .fingerprint == it.before);
        CHECK(outcome(place.house.auth().roles().login.redeem(open_challenge, by_http())) == "ok");
        place.house.log_in(alice());
      });
}
