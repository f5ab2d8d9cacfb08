#include "auth/upkeep/backing_up.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "auth/keys/revocation_export.hpp"
#include "auth/secrets/private_file.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

using Faults = std::vector<std::string>;
using Contents = std::map<std::string, std::string>;

// Of everything that there can be something.
void inhabit(House& house) {
  house.add(alice(), "correct horse");
  house.add(bob());
  house.add(carol());
  house.log_in(alice());
  must(house.auth().roles().revocation.by_administrator(bob().account(), "key_compromised", "", by_hand()));
  must(house.auth().roles().deletion.by_administrator(carol().account(), by_hand()));
  must(house.auth().roles().enrolment.hold(std::nullopt, next_key().certificate(), by_courier()));
  must(house.auth().maintain());
}

// Without what a restore voids, and what it writes itself.
Contents kept_of(storage::Medium& medium) {
  Contents kept = contents_of(medium);
  for (auto name = kept.begin(); name != kept.end();) {
    const bool joint = is_record_of_restore(*name);
    const bool left_out = name->first.starts_with("sessions") || name->first.starts_with("consumed/") ||
                          name->first.starts_with("limits/") || name->first == records::kIdentityName;
    name = joint || left_out ? kept.erase(name) : std::next(name);
  }
  return kept;
}

// What the store is after a restore of it, in a medium of its own.
std::unique_ptr<storage::MemoryMedium> restored_from(House& house, const std::string& backup) {
  auto medium = std::make_unique<storage::MemoryMedium>();
  must(RestoreScene(house, *medium).put_back(backup));
  return medium;
}

}  // namespace

TEST_CASE("a backup of every medium goes back into every medium") {
  for (const MediumKind from : all_media()) {
    Store source(from);
    House house(source.medium());
    inhabit(house);
    const std::string backup = backup_of(house);
    const Contents before = kept_of(source.medium());
    must(house.auth().close());
    for (const MediumKind to : all_media()) {
      CAPTURE(name_of(from), name_of(to));
      Store target(to);
      must(RestoreScene(house, target.medium()).put_back(backup));
      CHECK(kept_of(target.medium()) == before);
      CHECK(names_in(target.medium(), "sessions", 9).empty());
      CHECK(names_in(target.medium(), "consumed/", 9).empty());
      must(house.restart(&target.medium()));
      CHECK_NOTHROW(house.log_in(alice()));
      CHECK(outcome(house.auth().roles().passwords.log_in({"alice", ""}, password_of("correct horse"), by_http())) ==
            "ok");
      CHECK(state_of(house, bob()) == records::AccountState::revoked);
      CHECK(must(house.auth().roles().audit.verify({})).faults == Faults());
      CHECK(faults_of_store(target.medium(), house) == Faults());
      must(house.auth().close());
    }
  }
}

TEST_CASE("a backup holds no secret of the server and no token") {
  House house;
  inhabit(house);
  const sessions::RefreshedSession session = house.log_in(alice());
  const std::string backup = backup_of(house);
  for (const auto& file : std::filesystem::directory_iterator(house.secrets_folder())) {
    if (file.path().filename() == "floor" || !file.is_regular_file()) continue;
    const Secret text = must(secrets::read_private_file(file.path()));
    for (const std::string_view line : split_lines(text.reveal_text())) {
      const bool names = line.starts_with("-----") || line.size() < 30;
      if (!names) CHECK(backup.find(line) == std::string::npos);
      const auto value = line.find("key: ");
      if (value != std::string_view::npos) CHECK(backup.find(line.substr(value + 5)) == std::string::npos);
    }
  }
  CHECK(backup.find(session.token.reveal_text()) == std::string::npos);
  CHECK(backup.find(hex(sha256(session.token.reveal()))) == std::string::npos);
}

TEST_CASE("whatever changes at any call of a backup is in it whole or not at all") {
  std::size_t points = 0;
  for (std::size_t n = 1;; ++n) {
    storage::MemoryMedium memory;
    FaultyMedium medium(memory);
    House house(medium);
    house.add(alice());
    house.add(bob());
    house.add(carol());
    const auto other = must(house.another(memory, "other"));
    bool came = false;
    medium.interfere(n, [&] {
      came = true;
      must(other->roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
      must(other->roles().rotation.by_administrator(bob().account(), next_key().certificate(), by_hand()));
      must(other->roles().deletion.by_administrator(carol().account(), by_hand()));
      must(other->roles().enrolment.add({"carol", carol().certificate(), false}, by_hand()));
    });
    const std::string backup = backup_of(house);
    if (!came) break;
    ++points;
    CAPTURE(n);
    must(other->close());
    must(house.auth().close());
    const auto medium_after = restored_from(house, backup);
    const auto list = names_in(*medium_after, "revocations/", 9);
    // The floor knows of three.
    CHECK((list.empty() || list.size() == 3));
    if (list.empty()) must(RestoreScene(house, *medium_after).adopt(upkeep::MissingRevocations::give_up));
    must(house.restart(medium_after.get()));
    CHECK((state_of(house, alice()) == records::AccountState::revoked) == !list.empty());
    CHECK(must(house.auth().roles().accounts.show(bob().account())).account.former_keys.size() == list.size() / 3);
    CHECK(epoch_of(house, carol()) == (list.empty() ? 0u : 2u));
    CHECK(must(house.auth().roles().audit.verify({})).faults == Faults());
    CHECK(faults_of_store(*medium_after, house) == Faults());
  }
  CHECK(points > 30);
}

// As metadata is completed later: two records in one batch that no audit record speaks of.
TEST_CASE("a part that an account is given at any call of a backup is in it with its seal or not at all") {
  std::size_t points = 0;
  for (std::size_t n = 1;; ++n) {
    storage::MemoryMedium memory;
    FaultyMedium medium(memory);
    House house(medium);
    house.add(alice());
    must(house.auth().close());
    bool came = false;
    medium.interfere(n, [&] {
      came = true;
      records::Accounts accounts(memory, house.seal());
      const auto stored = must(accounts.find(alice().account())).value();
      records::Account changed = stored.account;
      storage::Batch batch;
      accounts.stage_part(batch, changed, records::AccountPart::metadata, as_bytes("other metadata"));
      accounts.stage_change(batch, stored, changed);
      must(memory.commit(batch));
    });
    std::string backup;
    const auto report = must(auth::upkeep::back_up(house.auth().roles().context,
                                                   [&](ByteView bytes) -> Status {
                                                     backup += as_text(bytes);
                                                     return ok();
                                                   },
                                                   {}));
    if (!came) break;
    ++points;
    CAPTURE(n);
    CHECK(report.damaged.empty());
    const auto restored = restored_from(house, backup);
    must(house.restart(restored.get()));
    CHECK(faults_of_store(*restored, house) == Faults());
  }
  CHECK(points > 20);
}

TEST_CASE("backups made while others write are states that the store was in") {
  for (const MediumKind kind : all_media()) {
    CAPTURE(name_of(kind));
    Store store(kind);
    House house(store.medium());
    house.add(alice());
    house.add(bob());
    std::atomic<bool> stop{false};
    // Another medium on the same store, as other processes have it.
    const auto first_medium = store.another();
    const auto second_medium = store.another();
    const auto first = must(house.another(*first_medium, "first"));
    const auto second = must(house.another(*second_medium, "second"));
    const auto write = [&stop](Authenticator& auth, const Person& person) {
      while (!stop) {
        must(auth.roles().revocation.by_administrator(person.account(), "unspecified", "", by_hand()));
        must(auth.roles().revocation.restore(person.account(), "", by_hand()));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    };
    std::thread one(write, std::ref(*first), std::cref(alice()));
    std::thread two(write, std::ref(*second), std::cref(bob()));
    std::vector<std::string> backups;
    for (int i = 0; i < 8; ++i) backups.push_back(backup_of(house));
    stop = true;
    one.join();
    two.join();
    must(first->close());
    must(second->close());
    must(house.auth().close());
    for (const std::string& backup : backups) {
      const auto medium = restored_from(house, backup);
      must(RestoreScene(house, *medium).adopt(upkeep::MissingRevocations::give_up));
      must(house.restart(medium.get()));
      CHECK(must(house.auth().roles().audit.verify({})).faults == Faults());
      CHECK(faults_of_store(*medium, house) == Faults());
      // Every withdrawal is a line, and every line took effect.
      const auto list = must(keys::parse_export(must(house.auth().roles().exporting.make())));
      for (const Person* person : {&alice(), &bob()}) {
        std::uint64_t last = 0;
        for (const records::Withdrawal& line : list.lines) {
          if (line.account == person->account()) last = line.epoch;
        }
        CHECK(epoch_of(house, *person) == last);
      }
      must(house.auth().close());
    }
  }
}

TEST_CASE("a damaged account is backed up as it is and named") {
  House house;
  house.add(alice());
  house.add(bob());
  must(put(house.medium(), part_name(alice().account(), records::AccountPart::certificate), "swapped"));
  const auto report = must(auth::upkeep::back_up(house.auth().roles().context, [](ByteView) { return ok(); }, {}));
  CHECK(report.damaged == std::vector<std::string>{alice().account()});
  CHECK(report.accounts == 2);
  must(erase(house.medium(), records::account_name(bob().account())));
  CHECK(must(auth::upkeep::back_up(house.auth().roles().context, [](ByteView) { return ok(); }, {})).damaged.size() ==
        2);
}

TEST_CASE("a backup whose sink or medium fails says so") {
  Store store(MediumKind::memory);
  FaultyMedium medium(store.medium());
  House house(medium);
  house.add(alice());
  CHECK(outcome(auth::upkeep::back_up(house.auth().roles().context,
                                      [](ByteView) -> Status { return fail(ErrorCode::storage_unavailable, "full"); },
                                      {})) == "storage_unavailable");
  for (std::size_t n = 1;; ++n) {
    medium.fail(n, Fault::before, Lasting::once);
    const auto report = auth::upkeep::back_up(house.auth().roles().context, [](ByteView) { return ok(); }, {});
    if (!medium.fired()) break;
    CHECK(outcome(report) == "storage_unavailable");
  }
}

TEST_CASE("a name planted among the numbered ones ends a backup and does not keep it searching") {
  const auto outcome_with = [](const std::string& name, bool meanwhile) {
    House house;
    house.add(alice());
    const auto plant = [&] { must(put(house.medium(), name, "{}")); };
    if (!meanwhile) plant();
    std::size_t pieces = 0;
    const auto sink = [&](ByteView) -> Status {
      if (++pieces == 2 && meanwhile) plant();
      return ok();
    };
    return outcome(auth::upkeep::back_up(house.auth().roles().context, sink, {}));
  };
  CHECK(outcome_with("audit/new/z", false) == "chain_broken");
  CHECK(outcome_with("audit/server/z", false) == "chain_broken");
  CHECK(outcome_with("audit/server/z", true) == "chain_broken");
  CHECK(outcome_with("revocations/9", false) == "record_unreadable");
  CHECK(outcome_with("revocations/z", true) == "record_unreadable");
  // A number that is one, but that no chain ever counts up to.
  CHECK(outcome_with(records::audit_name("server", 100'000'000'000'000'000), true) == "record_unreadable");
}
