// A restore stopped at every call that it makes to its medium, before and after the call took effect, and begun again.
#include "storage/directory_medium.hpp"
#include "tests/fault/storage/simulated_file_system.hpp"
#include "tests/support/every_fault.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/house_keys.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// What a restore leaves that was brought to its end: not what it counts.
std::map<std::string, std::string> settled(storage::Medium& medium) {
  auto contents = contents_of(medium);
  contents.erase(std::string(records::kIdentityName));
  std::erase_if(contents, is_record_of_restore);
  return contents;
}

// A house with a past, a backup from before a revocation, and the list that holds it.
struct Past {
  Past() {
    house.add(alice());
    house.add(bob());
    backup = backup_of(house);
    copy_all(house.medium(), image);
    must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
    list = must(house.auth().roles().exporting.make());
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
  must(past.house.auth().roles().exporting.apply(past.list, by_hand()));
  must(past.house.auth().close());
  must(past.house.restart(&medium));
}

void check_restored(Past& past, storage::Medium& medium) {
  CHECK(outcome(past.house.restart(&medium)) == "medium_restored");
  bring_up_to_date(past, medium);
  CHECK(state_of(past.house, alice()) == records::AccountState::revoked);
  CHECK(state_of(past.house, bob()) == records::AccountState::active);
  CHECK_NOTHROW(past.house.log_in(bob()));
  CHECK(must(past.house.auth().roles().audit.verify({})).faults == std::vector<std::string>());
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

TEST_CASE("a restore into a folder that is stopped at any change to its files is brought to its end") {
  Past past;
  storage::MemoryMedium expected;
  must(RestoreScene(past.house, expected).put_back(past.backup));
  Disk before;
  {
    SimulatedFileSystem files(before);
    must(storage::DirectoryMedium::create_on(files));
    const auto medium = must(storage::DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(before)));
    copy_all(past.house.medium(), *medium);
  }
  // Until one run is stopped nowhere.
  std::size_t points = 0;
  std::mt19937 choose(20261122);
  for (std::size_t at = 1, stopped = 1; stopped > 0; ++at) {
    stopped = 0;
    for (const Torn torn : {Torn::half, Torn::everything}) {
      Disk disk = before.copy();
      try {
        auto files =
            std::make_unique<StoppingFileSystem>(std::make_unique<SimulatedFileSystem>(disk),
                                                 StoppingFileSystem::Plan{at, torn}, std::make_shared<std::size_t>(0));
        const auto medium = must(storage::DirectoryMedium::open_on(std::move(files)));
        must(RestoreScene(past.house, *medium).put_back(past.backup));
      } catch (const Stopped&) {
        ++stopped;
        for (const bool power_lost : {false, true}) {
          RandomCut cut(disk.now(), choose());
          Disk next = power_lost ? disk.after(cut) : disk.copy();
          const auto medium = must(storage::DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(next)));
          must(RestoreScene(past.house, *medium).put_back(past.backup));
          CAPTURE(at, torn == Torn::everything, power_lost);
          CHECK(settled(*medium) == settled(expected));
          ++points;
        }
      }
    }
  }
  std::cout << "restore into a folder: " << points << " points at which its files were left\n";
  CHECK(points > 100);
}
