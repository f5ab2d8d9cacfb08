// A restore stopped at every call that it makes to its medium, before and after the call took effect, and begun again.
#include "tests/support/every_fault.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/house_keys.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A house with a past, a backup from before a revocation, and the list that holds it.
struct Past {
  Past() {
    house.add(alice());
    house.add(bob());
    backup = backup_of(house);
    copy_all(house.medium(), image);
    must(house.auth().revoke_account(alice().account(), "key_compromised", "", by_hand()));
    list = must(house.auth().export_revocations());
    must(house.auth().close());
  }
  House house;
  storage::MemoryMedium image;
  std::string backup;
  std::string list;
};

// Opened as `revocation apply` does.
void bring_up_to_date(Past& past, storage::Medium& medium) {
  past.house.settings.applies_revocations = true;
  must(past.house.restart(&medium));
  past.house.settings.applies_revocations = false;
  must(past.house.auth().apply_revocations(past.list, by_hand()));
  must(past.house.auth().close());
  must(past.house.restart(&medium));
}

void check_restored(Past& past, storage::Medium& medium) {
  CHECK(outcome(past.house.restart(&medium)) == "medium_restored");
  bring_up_to_date(past, medium);
  CHECK(state_of(past.house, alice()) == AccountState::revoked);
  CHECK(state_of(past.house, bob()) == AccountState::active);
  CHECK_NOTHROW(past.house.log_in(bob()));
  CHECK(must(past.house.auth().verify_audit({})).faults == std::vector<std::string>());
  CHECK(faults_of_store(medium, past.house) == std::vector<std::string>());
}

}  // namespace

TEST_CASE("a restore that is stopped at any call is brought to its end by the next run") {
  for (const MediumKind kind : all_media()) {
    std::size_t points = 0;
    for (const Fault fault : {Fault::before, Fault::after}) {
      for (std::size_t n = 1;; ++n) {
        Past past;
        Store store(kind);
        copy_all(past.house.medium(), store.medium());
        FaultyMedium faulty(store.medium());
        faulty.stop(n, fault);
        const auto result = RestoreScene(past.house, faulty).put_back(past.backup);
        const bool fired = faulty.fired();
        CAPTURE(name_of(kind), n, fault == Fault::after);
        if (!fired) {
          CHECK(outcome(result) == "ok");
          break;
        }
        ++points;
        CHECK(outcome(result) == "storage_unavailable");
        // Nobody opens it meanwhile: the next one that comes finds the backup pending.
        must(RestoreScene(past.house, store.medium()).put_back(past.backup));
        check_restored(past, store.medium());
      }
    }
    std::cout << "restore over " << name_of(kind) << ": " << points << " fault points\n";
    CHECK(points >= 10);
  }
}

TEST_CASE("taking an old medium into use is whole or did not happen") {
  for (const MediumKind kind : all_media()) {
    std::size_t points = 0;
    for (const Fault fault : {Fault::before, Fault::after}) {
      for (std::size_t n = 1;; ++n) {
        Past past;
        Store store(kind);
        copy_all(past.image, store.medium());
        FaultyMedium faulty(store.medium());
        faulty.stop(n, fault);
        const auto result = RestoreScene(past.house, faulty).adopt();
        CAPTURE(name_of(kind), n, fault == Fault::after);
        if (!faulty.fired()) {
          CHECK(outcome(result) == "ok");
          break;
        }
        ++points;
        must(RestoreScene(past.house, store.medium()).adopt());
        check_restored(past, store.medium());
      }
    }
    std::cout << "accepting an old medium over " << name_of(kind) << ": " << points << " fault points\n";
    CHECK(points >= 4);
  }
}
