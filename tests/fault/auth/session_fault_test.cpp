#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

struct Opened {
  sessions::RefreshedSession session;
  std::size_t sessions_before = 0;
  std::uint64_t epoch_before = 0;
};

Opened prepare(FaultyHouse& place) {
  const std::size_t before = place.sessions();
  const auto epoch = must(place.house.auth().roles().accounts.show(alice().account())).account.epoch;
  return {place.house.log_in(alice()), before, epoch};
}

bool opens(FaultyHouse& place, const Secret& token) {
  return place.house.auth().roles().sessions.admit(token, by_http()).has_value();
}

}  // namespace

TEST_CASE("a refresh that meets any fault can be tried again and leaves one session") {
  at_every_fault(
      "refresh", prepare,
      [](FaultyHouse& place, Opened& it) {
        return place.house.auth().roles().sessions.refresh(it.session.token, by_http());
      },
      [](FaultyHouse& place, Opened& it, const Result<sessions::RefreshedSession>& refreshed) {
        if (refreshed) {
          CHECK(opens(place, refreshed->token));
          CHECK_FALSE(opens(place, it.session.token));
        } else {
          CHECK(outcome(refreshed) == "storage_unavailable");
        }
        CHECK(place.sessions() == it.sessions_before + 1);
        const auto again = must(place.house.auth().roles().sessions.refresh(it.session.token, by_http()));
        CHECK(opens(place, again.token));
        CHECK_FALSE(opens(place, it.session.token));
        if (refreshed) CHECK_FALSE(opens(place, refreshed->token));
        CHECK(place.sessions() == it.sessions_before + 1);
      });
}

TEST_CASE("a session that was ended stays ended and one that was not can be ended again") {
  at_every_fault(
      "ending a session", prepare,
      [](FaultyHouse& place, Opened& it) {
        return place.house.auth().roles().sessions.end(it.session.token, by_http());
      },
      [](FaultyHouse& place, Opened& it, const Status& ended) {
        if (!ended) CHECK(outcome(ended) == "storage_unavailable");
        if (ended) CHECK_FALSE(opens(place, it.session.token));
        const bool still = opens(place, it.session.token);
        CHECK(outcome(place.house.auth().roles().sessions.end(it.session.token, by_http())) ==
              (still ? "ok" : "session_unknown"));
        CHECK_FALSE(opens(place, it.session.token));
        CHECK(place.sessions() == it.sessions_before);
      });
}

TEST_CASE("all sessions of an account end or none after any fault") {
  at_every_fault(
      "ending all sessions", prepare,
      [](FaultyHouse& place, Opened&) {
        return place.house.auth().roles().sessions.end_all(alice().account(), by_hand());
      },
      [](FaultyHouse& place, Opened& it, const Status& ended) {
        if (!ended) CHECK(outcome(ended) == "storage_unavailable");
        const auto epoch = must(place.house.auth().roles().accounts.show(alice().account())).account.epoch;
        CHECK((epoch == it.epoch_before || epoch == it.epoch_before + 1));
        if (ended) CHECK(epoch == it.epoch_before + 1);
        CHECK(opens(place, it.session.token) == (epoch == it.epoch_before));
        CHECK(outcome(place.house.auth().roles().sessions.end_all(alice().account(), by_hand())) == "ok");
        CHECK_FALSE(opens(place, it.session.token));
        CHECK(place.sessions() == 0);
      });
}

TEST_CASE("moving the idle limit costs no session whatever fails") {
  at_every_fault(
      "using a session",
      [](FaultyHouse& place) {
        Opened it = prepare(place);
        place.house.clock.pass(std::chrono::hours(1));
        return it;
      },
      [](FaultyHouse& place, Opened& it) {
        return place.house.auth().roles().sessions.admit(it.session.token, by_http());
      },
      [](FaultyHouse& place, Opened& it, const Result<records::Session>& admitted) {
        if (!admitted) CHECK(outcome(admitted) == "storage_unavailable");
        CHECK(opens(place, it.session.token));
      });
}

TEST_CASE("S46 a medium that fails is never told as an absent session") {
  for (const MediumKind kind : all_media()) {
    FaultyHouse place(kind);
    const Opened it = prepare(place);
    for (std::size_t n = 1;; ++n) {
      place.faulty.fail(n, Fault::before, Lasting::for_ever);
      const auto admitted = place.house.auth().roles().sessions.admit(it.session.token, by_http());
      const bool fired = place.faulty.fired();
      place.faulty.heal();
      if (!fired) break;
      CHECK(outcome(admitted) == "storage_unavailable");
      CHECK(face_of_outcome(admitted) == Face::unavailable);
    }
  }
}

TEST_CASE("what a timer does can fail anywhere and is done at the next time") {
  at_every_fault(
      "maintenance",
      [](FaultyHouse& place) {
        Opened it = prepare(place);
        place.house.clock.pass(std::chrono::days(3));
        return it;
      },
      [](FaultyHouse& place, Opened&) { return place.house.auth().maintain(); },
      [](FaultyHouse& place, Opened& it, const Status&) {
        CHECK_FALSE(opens(place, it.session.token));
        must(place.house.auth().maintain());
        CHECK(names_in(place.store.medium(), "sessions/", 9).empty());
        CHECK(names_in(place.store.medium(), "sessions-of/", 9).empty());
      },
      Houses::one_a_point);  // an inspection reads the whole store
}
