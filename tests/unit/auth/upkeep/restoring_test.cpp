#include "auth/upkeep/restoring.hpp"

#include <catch2/catch.hpp>

#include "auth/keys/revocation_export.hpp"
#include "auth/secrets/private_file.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/program.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

using Faults = std::vector<std::string>;

// A house with three accounts, its medium as it was then, and three revocations since, which the floor knows of.
struct Aged {
  Aged() {
    house.add(alice());
    house.add(bob());
    house.add(carol());
    session = house.log_in(alice());
    challenge = house.answer(alice(), house.issue(alice()));
    courier_challenge = house.answer(alice(), house.issue(alice(), records::Transport::courier));
    copy_all(house.medium(), image);
    backup = backup_of(house);
    Authenticator& auth = house.auth();
    must(auth.roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
    must(auth.roles().rotation.by_administrator(bob().account(), next_key().certificate(), by_hand()));
    must(auth.roles().deletion.by_administrator(carol().account(), by_hand()));
    list = must(auth.roles().exporting.make());
    audit_records = must(auth.roles().audit.list("server", 0, 1)).front().number;
    must(auth.close());
  }
  // As `revocation apply` does, on a store that nobody else opens.
  Result<keys::AppliedExport> apply(const std::string& text) {
    house.settings.applies_revocations = true;
    const Status opened = house.restart(&image);
    house.settings.applies_revocations = false;
    if (!opened) return tl::unexpected<Error>(opened.error());
    auto applied = house.auth().roles().exporting.apply(text, by_hand());
    must(house.auth().close());
    return applied;
  }

  House house;
  storage::MemoryMedium image;
  std::string backup;
  std::string list;
  sessions::RefreshedSession session{{}, Secret()};
  proving::Response challenge;
  proving::Response courier_challenge;
  std::int64_t audit_records = 0;
};

}  // namespace

TEST_CASE("a restored image from before three revocations is refused until they are applied") {
  Aged place;
  CHECK(outcome(place.house.restart(&place.image)) == "medium_restored");
  // Nothing can be done to it before it was accepted.
  CHECK(outcome(place.apply(place.list)) == "medium_restored");
  {
    RestoreScene scene(place.house, place.image);
    const upkeep::Adopted adopted = must(scene.adopt());
    CHECK(adopted.restores == 1);
    CHECK(adopted.missing_first == 1);
    CHECK(adopted.missing_last == 3);
    CHECK_FALSE(adopted.given_up);
  }
  CHECK(outcome(place.house.restart(&place.image)) == "medium_restored");
  CHECK(must(place.apply(place.list)).lines == 3);
  must(place.house.restart(&place.image));
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(state_of(place.house, bob()) == records::AccountState::revoked);
  CHECK(state_of(place.house, carol()) == records::AccountState::deleted);
  CHECK(faults_of_store(place.image, place.house) == Faults());
}

TEST_CASE("a restore voids every session and every open challenge") {
  Aged place;
  must(RestoreScene(place.house, place.image).adopt());
  must(place.apply(place.list));
  // Alice's key counts again, so that nothing but the restore stands in the way.
  must(place.house.restart(&place.image));
  must(place.house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  CHECK(contents_of(place.image).contains(must(records::session_name(place.session.token.reveal_text()))));
  CHECK(outcome(place.house.auth().roles().sessions.admit(place.session.token, by_http())) == "session_expired");
  CHECK(outcome(place.house.auth().roles().sessions.refresh(place.session.token, by_http())) == "session_expired");
  CHECK(must(place.house.auth().roles().sessions.list(alice().account(), 9)).empty());
  CHECK(outcome(place.house.auth().roles().login.redeem(place.challenge, by_http())) == "challenge_of_another_server");
  CHECK(outcome(place.house.auth().roles().login.redeem(place.courier_challenge, by_courier())) ==
        "challenge_of_another_server");
  const sessions::RefreshedSession fresh = place.house.log_in(alice());
  CHECK(outcome(place.house.auth().roles().sessions.admit(fresh.token, by_http())) == "ok");
  CHECK(must(place.house.auth().roles().sessions.list(alice().account(), 9)).size() == 1);
  // The sweeper takes the void ones away before their limits say.
  for (int page = 0; page < 3; ++page) must(place.house.auth().maintain());
  CHECK_FALSE(contents_of(place.image).contains(must(records::session_name(place.session.token.reveal_text()))));
  CHECK(outcome(place.house.auth().roles().sessions.admit(fresh.token, by_http())) == "ok");
}

TEST_CASE("an epoch that was given out before a restore opens nothing when it comes again") {
  House house;
  house.add(alice());
  storage::MemoryMedium image;
  copy_all(house.medium(), image);
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  const auto epoch = epoch_of(house, alice());
  const sessions::RefreshedSession before = house.log_in(alice());
  const proving::Response challenge = house.answer(alice(), house.issue(alice()));
  const std::string name = must(records::session_name(before.token.reveal_text()));
  const std::string record = contents_of(house.medium()).at(name);
  must(house.auth().close());
  must(RestoreScene(house, image).adopt());
  must(house.restart(&image));
  CHECK(epoch_of(house, alice()) < epoch);
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  REQUIRE(epoch_of(house, alice()) == epoch);
  // Who can write the medium kept the record of the session, which has the right name, MAC and epoch.
  must(put(image, name, record));
  CHECK(outcome(house.auth().roles().sessions.admit(before.token, by_http())) == "session_expired");
  CHECK(outcome(house.auth().roles().login.redeem(challenge, by_http())) == "challenge_of_another_server");
}

TEST_CASE("a response that was redeemed before a restore is not redeemed again after it") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  const std::string backup = backup_of(house);
  must(house.auth().roles().login.redeem(response, by_http()));
  must(house.auth().close());
  must(RestoreScene(house, house.medium()).put_back(backup));
  must(house.restart());
  CHECK(outcome(house.auth().roles().login.redeem(response, by_http())) == "challenge_of_another_server");
}

TEST_CASE("a backup older than three revocations is refused after its restore until they are applied") {
  Aged place;
  // Over the image, in the place of what is there.
  CHECK(must(RestoreScene(place.house, place.image).put_back(place.backup)).missing_last == 3);
  CHECK(names_in(place.image, "sessions", 9).empty());
  CHECK(outcome(place.house.restart(&place.image)) == "medium_restored");
  CHECK(must(place.apply(place.list)).lines == 3);
  must(place.house.restart(&place.image));
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(state_of(place.house, carol()) == records::AccountState::deleted);
  CHECK(outcome(place.house.auth().roles().sessions.admit(place.session.token, by_http())) == "session_unknown");
  CHECK(faults_of_store(place.image, place.house) == Faults());
}

TEST_CASE("revocations that nobody kept are given up only when that is said, and their numbers stay taken") {
  Aged place;
  must(RestoreScene(place.house, place.image).adopt());
  CHECK(outcome(place.house.restart(&place.image)) == "medium_restored");
  const upkeep::Adopted given_up =
      must(RestoreScene(place.house, place.image).adopt(upkeep::MissingRevocations::give_up));
  CHECK(given_up.restores == 2);
  CHECK(given_up.given_up);
  must(place.house.restart(&place.image));
  Authenticator& auth = place.house.auth();
  CHECK(state_of(place.house, alice()) == records::AccountState::active);
  const auto audit = must(auth.roles().audit.list("cli", 0, 1));
  CHECK(audit.front().decision == "store_restored");
  CHECK(audit.front().entry.detail.find("revocations 1 to 3 are given up as lost") != std::string::npos);
  must(auth.roles().revocation.by_administrator(bob().account(), "unspecified", "", by_hand()));
  const auto list = must(keys::parse_export(must(auth.roles().exporting.make())));
  REQUIRE(list.lines.size() == 4);
  CHECK(list.lines[0].what == records::Withdrawn::lost);
  CHECK(list.lines[3].account == bob().account());
  CHECK(faults_of_store(place.image, place.house) == Faults());
  // The list is found after all.
  CHECK(must(auth.roles().exporting.apply(place.list, by_hand())).accounts == 2);
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(state_of(place.house, carol()) == records::AccountState::deleted);
  CHECK(must(auth.roles().exporting.apply(place.list, by_hand())).lines == 0);
  const std::string whole = must(auth.roles().exporting.make());
  CHECK(must(auth.roles().exporting.apply(whole, by_hand())).lines == 0);
  CHECK(faults_of_store(place.image, place.house) == Faults());
}

TEST_CASE("a list with lost lines is applied with its gaps") {
  Aged place;
  must(RestoreScene(place.house, place.image).adopt(upkeep::MissingRevocations::give_up));
  must(place.house.restart(&place.image));
  storage::MemoryMedium older;
  copy_all(place.image, older);
  for (std::int64_t number = 1; number <= 3; ++number) must(erase(older, records::withdrawal_name(number)));
  must(place.house.auth().roles().revocation.by_administrator(bob().account(), "unspecified", "", by_hand()));
  const std::string list = must(place.house.auth().roles().exporting.make());
  copy_all(older, place.image);
  for (const std::string& name : names_in(place.image, "revocations/", 9)) must(erase(place.image, name));
  must(RestoreScene(place.house, place.image).adopt());
  CHECK(must(place.apply(list)).lines == 4);
  must(place.house.restart(&place.image));
  CHECK(state_of(place.house, bob()) == records::AccountState::revoked);
}

TEST_CASE("after a restore the audit record says what was cut off and gives no number out again") {
  Aged place;
  must(RestoreScene(place.house, place.image).adopt());
  must(place.apply(place.list));
  must(place.house.restart(&place.image));
  Authenticator& auth = place.house.auth();
  for (int time = 0; time < 2; ++time) {
    const records::AuditReport report = must(auth.roles().audit.verify({}));
    CHECK(report.faults == Faults());
    REQUIRE(report.cut_off.size() == 1);
    CHECK(report.cut_off.front().writer == "server");
    CHECK(report.cut_off.front().last == place.audit_records);
  }
  const auto records = must(auth.roles().audit.list("server", 0, 100));
  const auto joint = std::find_if(records.begin(), records.end(),
                                  [](const records::AuditRecord& one) { return one.decision == "store_restored"; });
  REQUIRE(joint != records.end());
  CHECK(joint->number == place.audit_records + 1);
  CHECK(joint->entry.detail.find("are not in this copy") != std::string::npos);
  // The next one follows, and a record taken out is a fault as ever.
  CHECK(std::next(joint)->number == place.audit_records + 2);
  must(erase(place.image, records::audit_name("server", place.audit_records + 2)));
  CHECK_FALSE(must(auth.roles().audit.verify({})).faults.empty());
  CHECK(outcome(auth.roles().audit.list("server", 0, 100)) == "chain_broken");
}

TEST_CASE("a gap that no restore on record explains is a fault") {
  Aged place;
  RestoreScene scene(place.house, place.image);
  must(scene.adopt());
  const std::string joint = records::audit_name("server", place.audit_records + 1);
  // Written by somebody without the key, or moved from elsewhere.
  const std::string own = to_string(must(place.image.read(records::audit_name("cli", 1))).bytes);
  const std::string right = to_string(must(place.image.read(joint)).bytes);
  House other;
  for (const std::string& planted : {own, std::string("{}"), other.add(alice()).id}) {
    must(put(place.image, joint, planted));
    const auto floor = must(records::Floor::load(place.house.secrets_folder() / "floor", place.house.seal()));
    CHECK_FALSE(must(floor->has_head(place.image, "server", {place.audit_records, std::string(64, 'a')})));
  }
  must(put(place.image, joint, right));
  CHECK(must(scene.floor().has_head(place.image, "server", {place.audit_records, std::string(64, 'a')})));
}

TEST_CASE("a restore whose floor was not saved any more holds and is noted at the next start") {
  Aged place;
  const Secret before = must(secrets::read_private_file(place.house.secrets_folder() / "floor"));
  must(RestoreScene(place.house, place.image).adopt(upkeep::MissingRevocations::give_up));
  must(secrets::write_private_file(place.house.secrets_folder() / "floor", before.reveal()));
  must(place.house.restart(&place.image));
  CHECK(outcome(place.house.auth().roles().sessions.admit(place.session.token, by_http())) == "session_expired");
  must(place.house.auth().maintain());
  CHECK(must(records::Floor::load(place.house.secrets_folder() / "floor", place.house.seal()))->restores() == 1);
}

TEST_CASE("the state from before a restore does not come back unnoticed") {
  House house;
  house.add(alice());
  storage::MemoryMedium before;
  copy_all(house.medium(), before);
  must(house.auth().close());
  must(RestoreScene(house, house.medium()).adopt());
  // All of its audit record, and everything else as it was.
  for (const std::string& name : names_in(house.medium(), "audit/", 100)) {
    must(put(before, name, to_string(must(house.medium().read(name)).bytes)));
  }
  CHECK(outcome(house.restart(&before)) == "medium_restored");
}

TEST_CASE("replacing the server's key since the backup is not undone by the restore") {
  House house;
  house.add(alice());
  const std::string backup = backup_of(house);
  must(house.auth().roles().key_upkeep.replace({}, by_hand()));
  must(house.auth().close());
  const auto present =
      must(records::ServerIdentity::load(house.medium(), house.seal(), house.settings.server, house.fingerprint()));
  REQUIRE(present.certificates().size() == 2);
  must(RestoreScene(house, house.medium()).put_back(backup));
  must(house.restart());
  CHECK(house.auth().roles().identity.fingerprint() == present.fingerprint());
  CHECK(house.auth().roles().identity.restores() == 1);
  CHECK_NOTHROW(house.log_in(alice()));
}

TEST_CASE("a store that was lost is put back under the key that took over since, and takes the list that it signed") {
  House house;
  house.add(alice());
  const std::string backup = backup_of(house);
  const auto former = house.auth().roles().identity.fingerprint();
  must(house.auth().roles().key_upkeep.replace({}, by_hand()));
  must(house.restart());
  const auto present = house.auth().roles().identity.fingerprint();
  REQUIRE(present != former);
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const std::string list = must(house.auth().roles().exporting.make());
  must(house.auth().close());
  storage::MemoryMedium fresh;
  {
    RestoreScene scene(house, fresh);
    upkeep::RestoreGround ground = scene.ground();
    ground.server_fingerprint = present;  // as the command that replaced it says to write it down
    must(verify_backup(source_of(backup), ground));
    CHECK(must(put_back(source_of(backup), ground, {})).missing_last == 1);
  }
  house.settings.applies_revocations = true;
  must(house.restart(&fresh));
  CHECK(house.auth().roles().identity.fingerprint() == present);
  CHECK(house.auth().roles().identity.has_key(former));
  CHECK(must(house.auth().roles().exporting.apply(list, by_hand())).accounts == 1);
  house.settings.applies_revocations = false;
  must(house.restart());
  CHECK(state_of(house, alice()) == records::AccountState::revoked);
  CHECK(faults_of_store(fresh, house) == Faults());
}

TEST_CASE("a store from before the server's key was replaced is accepted under the key that took over since") {
  House house;
  storage::MemoryMedium image;
  copy_all(house.medium(), image);
  must(house.auth().roles().key_upkeep.replace({}, by_hand()));
  must(house.restart());
  const auto present = house.auth().roles().identity.fingerprint();
  must(house.auth().close());
  must(RestoreScene(house, image).adopt());
  must(house.restart(&image));
  CHECK(house.auth().roles().identity.fingerprint() == present);
}

TEST_CASE("a backup of another server or store is refused before anything is done") {
  House house;
  RestoreScene scene(house, house.medium());
  CHECK(must(verify_backup(source_of(backup_of(house)), scene.ground())).head.server == house.settings.server);
  House other;
  CHECK(outcome(verify_backup(source_of(backup_of(other)), scene.ground())) == "server_mismatch");
  upkeep::RestoreGround renamed = scene.ground();
  renamed.server_name = "https://other.example.org";
  CHECK(outcome(verify_backup(source_of(backup_of(house)), renamed)) == "startup_refused");
}

TEST_CASE("what a killed server did not tell the floor is learned before the medium is replaced") {
  House house;
  house.add(alice());
  const std::string backup = backup_of(house);
  must(house.auth().close());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const std::string list = must(house.auth().roles().exporting.make());
  // And then it was killed.
  RestoreScene scene(house, house.medium());
  must(learn_from_medium(scene.ground()));
  CHECK(must(scene.put_back(backup)).missing_last == 1);
  CHECK(outcome(house.restart()) == "medium_restored");
}

TEST_CASE("a restore that the floor was not told of is learned from the medium before that is replaced") {
  House house;
  const std::string backup = backup_of(house);
  must(house.auth().close());
  // A restore on the medium, and a floor that was put back since.
  const std::string floor = read_file(house.secrets_folder() / "floor");
  REQUIRE(must(RestoreScene(house, house.medium()).put_back(backup)).restores == 1);
  write_file(house.secrets_folder() / "floor", floor);
  RestoreScene scene(house, house.medium());
  must(learn_from_medium(scene.ground()));
  CHECK(must(scene.put_back(backup)).restores == 2);
}

TEST_CASE("records that are not of this server teach the floor nothing") {
  House house;
  must(house.auth().close());
  RestoreScene scene(house, house.medium());
  const auto heads = scene.floor().heads();
  must(put(house.medium(), records::withdrawal_name(99'999), "{}"));
  must(put(house.medium(), records::audit_name("server", 99'999), "{}"));
  must(learn_from_medium(scene.ground()));
  CHECK(scene.floor().revocations() == 0);
  CHECK(scene.floor().heads().at("server").number == heads.at("server").number);
}
