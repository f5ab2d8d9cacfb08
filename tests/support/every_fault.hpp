// One operation of a whole house, failed at every call that it makes to its medium: before and after the call took
// effect, once and for ever. Where it is for ever the process is taken to have died, and another starts.
#pragma once

#include <catch2/catch.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"
#include "tests/support/quick_keys.hpp"
#include "tests/support/store_check.hpp"

namespace countersign::test {

// A house over a medium that fails where it is told, over a store of that kind.
struct FaultyHouse {
  explicit FaultyHouse(MediumKind kind) : store(kind), faulty(store.medium()), house(settings(), &faulty) {
    house.add(alice());
  }
  static HouseSettings settings() {
    HouseSettings out;
    out.policies.registration = auth::Registration::open;
    out.policies.rate_limit = false;
    out.open_engine = [](const Secret& secret_key) -> Result<std::unique_ptr<auth::openpgp::OpenPgp>> {
      return std::unique_ptr<auth::openpgp::OpenPgp>(
          std::make_unique<QuickKeys>(TRY(auth::openpgp::rnp::RnpOpenPgp::open(secret_key))));
    };
    return out;
  }
  std::size_t sessions() { return must(house.auth().roles().sessions.list(alice().account(), 1000)).size(); }

  Store store;
  FaultyMedium faulty;
  House house;
};

// One point: false where the operation made fewer calls than that, and succeeded.
template <class Prepare, class Run, class Judge>
bool at_fault(FaultyHouse& place, std::size_t n, Fault fault, Lasting lasting, const Prepare& prepare, const Run& run,
              const Judge& judge) {
  auto scene = prepare(place);
  place.faulty.fail(n, fault, lasting);
  auto result = run(place, scene);
  const bool fired = place.faulty.fired();
  place.faulty.heal();
  CAPTURE(n, fault == Fault::after, lasting == Lasting::for_ever);
  if (!fired) {
    CHECK(outcome(result) == "ok");
    return false;
  }
  if (lasting == Lasting::for_ever) must(place.house.restart());
  judge(place, scene, result);
  CHECK(faults_of_store(place.store.medium(), place.house) == std::vector<std::string>());
  return true;
}

enum class Houses { one_for_all, one_a_point };

// Per point: `prepare(place)` gives what the operation needs, `run(place, it)` runs it while the medium fails, and
// `judge(place, it, result)` says what must be true once the medium works again. The store is checked as a whole after
// each. A house a point is for operations that read the whole store: with one for all they would never come to an end.
// Prints and returns how many points there were.
template <class Prepare, class Run, class Judge>
std::size_t at_every_fault(const std::string& what, const Prepare& prepare, const Run& run, const Judge& judge,
                           Houses houses = Houses::one_for_all) {
  std::size_t all = 0;
  for (const MediumKind kind : all_media()) {
    std::size_t points = 0;
    CAPTURE(what, name_of(kind));
    for (const Lasting lasting : {Lasting::once, Lasting::for_ever}) {
      for (const Fault fault : {Fault::before, Fault::after}) {
        auto place = std::make_unique<FaultyHouse>(kind);
        for (std::size_t n = 1; at_fault(*place, n, fault, lasting, prepare, run, judge); ++n) {
          ++points;
          if (houses == Houses::one_a_point) place = std::make_unique<FaultyHouse>(kind);
        }
      }
    }
    std::cout << what << " over " << name_of(kind) << ": " << points << " fault points\n";
    CHECK(points >= 4);
    all += points;
  }
  return all;
}

}  // namespace countersign::test
