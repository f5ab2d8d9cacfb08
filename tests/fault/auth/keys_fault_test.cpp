#include "tests/support/every_fault.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/own_signatures.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// Somebody new for every point, with a session and an open challenge, and whatever the operation needs.
struct Holder {
  explicit Holder(FaultyHouse& place)
      : person("holder" + std::to_string(++count), openpgp::KeyKind::ed25519_cv25519),
        next("next" + std::to_string(count), openpgp::KeyKind::ed25519_cv25519) {
    place.house.add(person);
    session = place.house.log_in(person);
    login = place.house.answer(person, place.house.issue(person));
    epoch = epoch_of(place.house, person);
  }
  static inline int count = 0;
  Person person;
  Person next;
  sessions::RefreshedSession session;
  proving::Response login;
  proving::Response revocation;
  keys::RotationResponse rotation;
  std::uint64_t epoch = 0;
};
using Someone = std::shared_ptr<Holder>;

Someone newcomer(FaultyHouse& place) {
  return std::make_shared<Holder>(place);
}

// The whole of the old state or the whole of the new one, and the new one if that was acknowledged. True if it is new.
template <class T>
bool judged(FaultyHouse& place, const Holder& it, const Result<T>& result) {
  if (!result) CHECK(outcome(result) == "storage_unavailable");
  const auto epoch = epoch_of(place.house, it.person);
  CHECK((epoch == it.epoch || epoch == it.epoch + 1));
  const bool took_effect = epoch != it.epoch;
  if (result) CHECK(took_effect);
  CHECK(place.house.auth().roles().sessions.admit(it.session.token, by_http()).has_value() != took_effect);
  if (took_effect) CHECK_FALSE(place.house.auth().roles().login.redeem(it.login, by_http()).has_value());
  return took_effect;
}

}  // namespace

TEST_CASE("S36 a revocation by statement that meets any fault is whole with its sessions or none") {
  at_every_fault(
      "revocation by statement",
      [](FaultyHouse& place) {
        auto it = newcomer(place);
        it->revocation = revoke_response(place.house, it->person, "key_compromised");
        return it;
      },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().revocation.by_statement(it->revocation, by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::RevocationRecord>& result) {
        const bool revoked = judged(place, *it, result);
        CHECK((state_of(place.house, it->person) == records::AccountState::revoked) == revoked);
        CHECK(outcome(place.house.auth().roles().revocation.by_statement(it->revocation, by_http())) ==
              (revoked ? "account_not_active" : "ok"));
        CHECK(state_of(place.house, it->person) == records::AccountState::revoked);
      });
}

TEST_CASE("S36 an administrator's revocation that meets any fault is whole with its sessions or none") {
  at_every_fault(
      "revocation by an administrator", newcomer,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().revocation.by_administrator(it->person.account(), "key_compromised", "",
                                                                      by_hand());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::RevocationRecord>& result) {
        const bool revoked = judged(place, *it, result);
        CHECK(outcome(place.house.auth().roles().revocation.by_administrator(
                  it->person.account(), "unspecified", "", by_hand())) == (revoked ? "account_not_active" : "ok"));
        CHECK_FALSE(place.house.auth().roles().sessions.admit(it->session.token, by_http()).has_value());
      });
}

TEST_CASE("a revocation that is taken back is taken back whole after any fault") {
  at_every_fault(
      "taking a revocation back",
      [](FaultyHouse& place) {
        auto it = newcomer(place);
        must(
            place.house.auth().roles().revocation.by_administrator(it->person.account(), "unspecified", "", by_hand()));
        return it;
      },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().revocation.restore(it->person.account(), it->next.certificate(), by_hand());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::Account>& result) {
        if (!result) CHECK(outcome(result) == "storage_unavailable");
        const bool active = state_of(place.house, it->person) == records::AccountState::active;
        if (result) CHECK(active);
        CHECK(outcome(place.house.auth().roles().revocation.restore(
                  it->person.account(), it->next.certificate(), by_hand())) == (active ? "account_not_revoked" : "ok"));
        CHECK_FALSE(place.house.auth().roles().sessions.admit(it->session.token, by_http()).has_value());
        const proving::Response login = place.house.answer(it->next, place.house.issue(it->person));
        CHECK(outcome(place.house.auth().roles().login.redeem(login, by_http())) == "ok");
      });
}

TEST_CASE("S51 a rotation that meets any fault leaves the old key or the new one with its sessions") {
  at_every_fault(
      "rotation",
      [](FaultyHouse& place) {
        auto it = newcomer(place);
        it->rotation = rotate_response(place.house, it->person, it->next);
        return it;
      },
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().rotation.by_statement(it->rotation, by_http());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::Account>& result) {
        const bool rotated = judged(place, *it, result);
        const auto again = place.house.auth().roles().rotation.by_statement(it->rotation, by_http());
        CHECK(outcome(again) == (rotated ? "epoch_passed" : "ok"));
        const proving::Response login = place.house.answer(it->next, place.house.issue(it->person));
        CHECK(outcome(place.house.auth().roles().login.redeem(login, by_http())) == "ok");
      });
}

TEST_CASE(
    "a certificate that is brought anew is the account's with its sessions ended or the former one after any fault") {
  const auto bring = [](FaultyHouse& place, const Someone& it) {
    return place.house.auth().roles().enrolment.add({it->person.name(), newer_certificate_of(it->person), false},
                                                    by_hand());
  };
  at_every_fault("bringing a certificate anew", newcomer, bring,
                 [&](FaultyHouse& place, Someone& it, const Result<accounts::Enrolled>& result) {
                   const bool refreshed = judged(place, *it, result);
                   const auto again = bring(place, it);
                   REQUIRE(outcome(again) == "ok");
                   CHECK(again->how == (refreshed ? accounts::EnrolledAs::unchanged : accounts::EnrolledAs::refreshed));
                   CHECK_NOTHROW(place.house.log_in(it->person));
                 });
}

TEST_CASE("S25 a deletion that meets any fault leaves the account or its tombstone") {
  at_every_fault(
      "deletion", newcomer,
      [](FaultyHouse& place, Someone& it) {
        return place.house.auth().roles().deletion.by_administrator(it->person.account(), by_hand());
      },
      [](FaultyHouse& place, Someone& it, const Result<records::Account>& result) {
        const bool deleted = judged(place, *it, result);
        CHECK((state_of(place.house, it->person) == records::AccountState::deleted) == deleted);
        CHECK(outcome(place.house.auth().roles().deletion.by_administrator(it->person.account(), by_hand())) ==
              (deleted ? "account_not_active" : "ok"));
        CHECK_FALSE(place.house.auth().roles().sessions.admit(it->session.token, by_http()).has_value());
      });
}

namespace {

// What a server would export that revoked a person whom this store does not know to be revoked.
std::string export_of_revocation(FaultyHouse& place, const Person& person) {
  keys::RevocationExport list;
  list.server = place.house.settings.server;
  list.server_key = place.house.fingerprint();
  list.store = hex(place.house.auth().roles().identity.context());
  list.made_at = place.house.clock.now();
  records::Withdrawal line;
  line.number = 1;
  line.account = person.account();
  line.fingerprint = person.fingerprint();
  line.epoch = epoch_of(place.house, person) + 1;
  line.reason = "key_compromised";
  line.at = list.made_at;
  list.lines.push_back(line);
  const std::string text = write_export(list);
  return text + must(place.house.engine().sign(text, list.made_at));
}

}  // namespace

// A store of its own for every point: applying looks at every line there is, so that with one store the calls would
// grow as fast as the points.
TEST_CASE("applying an export that meets any fault is completed by the next run") {
  std::size_t points = 0;
  for (const MediumKind kind : all_media()) {
    for (const Fault fault : {Fault::before, Fault::after}) {
      for (std::size_t n = 1;; ++n) {
        FaultyHouse place(kind);
        const Holder it(place);
        const std::string text = export_of_revocation(place, it.person);
        place.faulty.fail(n, fault, Lasting::for_ever);
        const auto result = place.house.auth().roles().exporting.apply(text, by_hand());
        const bool fired = place.faulty.fired();
        place.faulty.heal();
        CAPTURE(name_of(kind), n, fault == Fault::after);
        must(place.house.restart());
        const bool revoked = judged(place, it, result);
        if (!fired) CHECK(revoked);
        CHECK((state_of(place.house, it.person) == records::AccountState::revoked) == revoked);
        CHECK(must(place.house.auth().roles().exporting.apply(text, by_hand())).lines == (revoked ? 0 : 1));
        CHECK(state_of(place.house, it.person) == records::AccountState::revoked);
        CHECK(faults_of_store(place.store.medium(), place.house) == std::vector<std::string>());
        if (!fired) break;
        ++points;
      }
    }
  }
  std::cout << "applying an export: " << points << " fault points\n";
  CHECK(points >= 12);
}
