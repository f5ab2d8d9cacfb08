#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// Somebody new for every point.
struct Newcomer {
  Newcomer() : person("user" + std::to_string(++count), openpgp::KeyKind::ed25519_cv25519) {}
  static inline int count = 0;
  Person person;
  proving::Response response;
};

using Someone = std::shared_ptr<Newcomer>;

bool exists(FaultyHouse& place, const Person& person) {
  return place.house.auth().roles().accounts.show(person.account()).has_value();
}

void check_can_log_in(FaultyHouse& place, const Person& person) {
  CHECK_NOTHROW(place.house.log_in(person));
}

}  // namespace

TEST_CASE("an enrolment that meets any fault makes a whole account or none") {
  at_every_fault(
      "enrolment",
      [](FaultyHouse& place) {
        auto someone = std::make_shared<Newcomer>();
        someone->response = place.house.answer(someone->person, place.house.issue_enrolment(someone->person));
        return someone;
      },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().enrolment.enrol(it->response, it->person.certificate(), by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<accounts::Enrolled>& account) {
        if (!account) CHECK(outcome(account) == "storage_unavailable");
        const bool there = exists(place, it->person);
        if (account) CHECK(there);
        CHECK(outcome(place.house.auth().roles().enrolment.enrol(it->response, it->person.certificate(), by_http())) ==
              (there ? "challenge_consumed" : "ok"));
        check_can_log_in(place, it->person);
      });
}

TEST_CASE("an account that an administrator adds is whole or none after any fault") {
  at_every_fault(
      "adding an account", [](FaultyHouse&) { return std::make_shared<Newcomer>(); },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().enrolment.add({it->person.name(), it->person.certificate(), false},
                                                        by_hand());
      },
      [](FaultyHouse& place, Someone& it, const Result<accounts::Enrolled>& account) {
        if (!account) CHECK(outcome(account) == "storage_unavailable");
        const bool there = exists(place, it->person);
        if (account) CHECK(there);
        const auto again =
            place.house.auth().roles().enrolment.add({it->person.name(), it->person.certificate(), false}, by_hand());
        REQUIRE(outcome(again) == "ok");
        CHECK(again->how == (there ? accounts::EnrolledAs::unchanged : accounts::EnrolledAs::added));
        check_can_log_in(place, it->person);
      });
}

TEST_CASE("a certificate from a stick is held once after any fault") {
  at_every_fault(
      "holding an enrolment", [](FaultyHouse&) { return std::make_shared<Newcomer>(); },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().enrolment.hold(std::nullopt, it->person.certificate(), by_courier());
      },
      [](FaultyHouse& place, Someone& it, const Result<accounts::HeldEnrolment>& held) {
        if (!held) CHECK(outcome(held) == "storage_unavailable");
        CHECK(outcome(place.house.auth().roles().enrolment.hold(std::nullopt, it->person.certificate(),
                                                                by_courier())) == "ok");
        std::size_t found = 0;
        for (const auto& one : must(place.house.auth().roles().enrolment.list_held())) {
          found += one.fingerprint == it->person.fingerprint() ? 1 : 0;
        }
        CHECK(found == 1);
      });
}

TEST_CASE("a confirmed enrolment is an account or still held after any fault") {
  at_every_fault(
      "confirming an enrolment",
      [](FaultyHouse& place) {
        auto someone = std::make_shared<Newcomer>();
        must(place.house.auth().roles().enrolment.hold(std::nullopt, someone->person.certificate(), by_courier()));
        return someone;
      },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().enrolment.confirm({it->person.fingerprint(), it->person.name()}, by_hand());
      },
      [](FaultyHouse& place, Someone& it, const Result<accounts::Enrolled>& account) {
        if (!account) CHECK(outcome(account) == "storage_unavailable");
        const bool there = exists(place, it->person);
        if (account) CHECK(there);
        CHECK(outcome(place.house.auth().roles().enrolment.confirm(
                  {it->person.fingerprint(), it->person.name()}, by_hand())) == (there ? "enrolment_not_held" : "ok"));
        CHECK(text_of(place.store.medium(), records::held_name(it->person.fingerprint())) == "<absent>");
        check_can_log_in(place, it->person);
      });
}
