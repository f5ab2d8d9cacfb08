// One operation of a whole house, failed at every call that it makes to its medium: before and after the call took
// effect, once and for ever. Where it is for ever the process is taken to have died, and another starts.
#pragma once

#include <catch2/catch.hpp>
#include <iostream>
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
    out.policies.registration_open = true;
    out.policies.rate_limit = false;
    out.open_engine = [](const Secret& secret_key) -> Result<std::unique_ptr<auth::openpgp::OpenPgp>> {
      return std::unique_ptr<auth::openpgp::OpenPgp>(
          std::make_unique<QuickKeys>(TRY(auth::openpgp::RnpOpenPgp::open(secret_key))));
    };
    return out;
  }
  std::size_t sessions() { return must(house.auth().list_sessions(alice().account(), 1000)).size(); }

  Store store;
  FaultyMedium faulty;
  House house;
};

// Per point: `prepare(place)` gives what the operation needs, `run(place, it)` runs it while the medium fails, and
// `judge(place, it, result)` says what must be true once the medium works again. The store is checked as a whole after
// each. Prints and returns how many points there were.
template <class Prepare, class Run, class Judge>
std::size_t at_every_fault(const std::string& what, const Prepare& prepare, const Run& run, const Judge& judge) {
  std::size_t all = 0;
  for (const MediumKind kind : all_media()) {
    std::size_t points = 0;
    for (const Lasting lasting : {Lasting::once, Lasting::for_ever}) {
      for (const Fault fault : {Fault::before, Fault::after}) {
        FaultyHouse place(kind);
        for (std::size_t n = 1;; ++n) {
          auto scene = prepare(place);
          place.faulty.fail(n, fault, lasting);
          auto result = run(place, scene);
          const bool fired = place.faulty.fired();
          place.faulty.heal();
          CAPTURE(what, name_of(kind), n, fault == Fault::after, lasting == Lasting::for_ever);
          if (!fired) {
            CHECK(outcome(result) == "ok");
            break;
          }
          ++points;
          if (lasting == Lasting::for_ever) must(place.house.restart());
          judge(place, scene, result);
          CHECK(faults_of_store(place.store.medium(), place.house) == std::vector<std::string>());
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
