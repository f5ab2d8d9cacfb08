#include "tests/support/every_fault.hpp"
#include "tests/support/invited.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr Seconds kWeek = std::chrono::days(7);

// Somebody new with an invite of their own for every point.
struct Guest {
  explicit Guest(FaultyHouse& place)
      : person("guest" + std::to_string(++count), openpgp::KeyKind::ed25519_cv25519),
        invite(make_invite(place.house, person.name(), {"staff"})),
        response(place.house.answer(
            person, must(place.house.auth().roles().issuing.issue(asking_with(person, invite.secret), by_http())))) {}
  Result<accounts::Enrolled> come(FaultyHouse& place) {
    return place.house.auth().roles().enrolment.enrol(response, person.certificate(), by_http(), std::nullopt,
                                                      invite.secret);
  }
  static inline int count = 0;
  Person person;
  invites::MadeInvite invite;
  proving::Response response;
};

records::InviteState state_of(FaultyHouse& place, const std::string& id) {
  return must(place.house.auth().roles().invites.show(id)).state;
}

bool is_in(FaultyHouse& place, const Person& person) {
  const auto stored = must(place.house.auth().roles().accounts.find(person.account()));
  return stored && stored->account.state == records::AccountState::active;
}

std::shared_ptr<Guest> invited(FaultyHouse& place) {
  return std::make_shared<Guest>(place);
}

std::shared_ptr<Guest> come_in(FaultyHouse& place) {
  auto guest = invited(place);
  must(guest->come(place));
  return guest;
}

}  // namespace

TEST_CASE("S84 an invite is spent with the account that it makes or not at all, whatever fails") {
  at_every_fault(
      "coming with an invite", invited,
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest) { return guest->come(place); },
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest, const Result<accounts::Enrolled>& came) {
        if (!came) CHECK(outcome(came) == "storage_unavailable");
        const bool there = is_in(place, guest->person);
        if (came) CHECK(there);
        CHECK((state_of(place, guest->invite.invite.id) == records::InviteState::used) == there);
        CHECK(outcome(guest->come(place)) == (there ? "challenge_consumed" : "ok"));
        CHECK(must(place.house.auth().roles().accounts.show(guest->person.account())).account.profile.groups ==
              std::vector<std::string>{"staff"});
        CHECK_NOTHROW(place.house.log_in(guest->person));
      });
}

TEST_CASE("an invite is made with its decision or not at all, whatever fails") {
  at_every_fault(
      "making an invite", [](FaultyHouse& place) { return names_in(place.store.medium(), "invites/", 1000).size(); },
      [](FaultyHouse& place, std::size_t&) {
        return place.house.auth().roles().invites.make({"", {}, kWeek}, by_hand());
      },
      [](FaultyHouse& place, std::size_t& before, const Result<invites::MadeInvite>& made) {
        if (!made) CHECK(outcome(made) == "storage_unavailable");
        const std::size_t after = names_in(place.store.medium(), "invites/", 1000).size();
        CHECK((after == before || after == before + 1));
        if (made) CHECK(after == before + 1);
        const bool on_record = newest_audit(place.house).starts_with("invite_made");
        if (after == before + 1) CHECK(on_record);
      });
}

TEST_CASE("an invite is cancelled or as it was, whatever fails") {
  at_every_fault(
      "cancelling an invite", invited,
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest) {
        return place.house.auth().roles().invites.cancel(guest->invite.invite.id, by_hand());
      },
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest, const Result<records::Invite>& cancelled) {
        const bool done = state_of(place, guest->invite.invite.id) == records::InviteState::cancelled;
        if (cancelled) CHECK(done);
        CHECK(outcome(guest->come(place)) == (done ? "invite_cancelled" : "ok"));
      });
}

TEST_CASE("S87 a stolen invite is taken back with its account and replaced, or nothing of that, whatever fails") {
  at_every_fault(
      "reporting a stolen invite", come_in,
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest) {
        return place.house.auth().roles().invites.report_stolen(guest->invite.invite.id, kWeek, by_hand());
      },
      [](FaultyHouse& place, std::shared_ptr<Guest>& guest, const Result<invites::StolenInvite>& stolen) {
        const bool done = state_of(place, guest->invite.invite.id) == records::InviteState::stolen;
        if (stolen) CHECK(done);
        CHECK(is_in(place, guest->person) != done);
        CHECK(outcome(place.house.auth().roles().invites.report_stolen(guest->invite.invite.id, kWeek, by_hand())) ==
              (done ? "invite_cancelled" : "ok"));
        CHECK_FALSE(is_in(place, guest->person));
      });
}
