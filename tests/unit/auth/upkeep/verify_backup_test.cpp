// Which keys a backup needs, and that it is refused while they are not there.
#include <catch2/catch.hpp>

#include "auth/upkeep/restoring.hpp"
#include "tests/support/house_backup.hpp"
#include "tests/support/house_secrets.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("a backup that a retired key is needed for is refused while the store stands") {
  House house;
  house.add(alice());
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  const std::string mixed = backup_of(house);
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  const std::string whole = backup_of(house);
  must(house.auth().close());
  CHECK(outcome(verify_backup(source_of(mixed), RestoreScene(house, house.medium()).ground())) == "ok");
  REQUIRE(retire(house, old) == "ok");
  must(house.restart());
  RestoreScene scene(house, house.medium());
  const auto verified = verify_backup(source_of(mixed), scene.ground());
  REQUIRE(outcome(verified) == "secret_missing");
  CHECK(contains(verified.error().detail, "needs record key " + old));
  CHECK(contains(verified.error().detail, "put the secrets folder back that was saved with it"));
  // The audit records under the former key open with what is kept of it, and nothing else names it.
  CHECK(outcome(verify_backup(source_of(whole), scene.ground())) == "ok");
  must(scene.put_back(whole));
  must(house.restart());
  CHECK_NOTHROW(house.log_in(alice()));
  CHECK(must(house.auth().roles().audit.verify({})).faults.empty());
}

TEST_CASE("a backup whose passwords need a retired key for their pepper is refused") {
  HouseSettings settings;
  settings.policies.password.pepper = true;
  House house(settings, nullptr);
  house.add(alice(), "correct horse battery staple");
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  const std::string backup = backup_of(house);
  records::AccountName name;
  name.username = alice().name();
  must(house.auth().roles().passwords.remove(id_of(name), by_hand()));
  REQUIRE(retire(house, old) == "ok");
  must(house.restart());
  const auto verified = verify_backup(source_of(backup), RestoreScene(house, house.medium()).ground());
  REQUIRE(outcome(verified) == "secret_missing");
  CHECK(contains(verified.error().detail, records::account_name(alice().account()) + " needs record key " + old));
}

TEST_CASE("of what a backup holds of one name the last alone says which key is needed") {
  House house;
  const auto& secrets = house.secrets();
  const records::BackupHead head{house.settings.server, std::string(64, '0'), house.clock.now()};
  const std::string foreign = R"({"version":1,"mac":{"key":"0123456789abcdef","tag":""}})";
  const auto verified = [&](const std::function<void(records::BackupWriter&)>& write) {
    std::string text;
    auto writer = must(records::BackupWriter::begin(head, secrets.newest_record_key(), [&](ByteView bytes) -> Status {
      text += as_text(bytes);
      return ok();
    }));
    must(writer.put(records::kIdentityName, must(house.medium().read(records::kIdentityName)).bytes));
    write(writer);
    must(writer.finish());
    return outcome(verify_backup(source_of(text), RestoreScene(house, house.medium()).ground()));
  };
  CHECK(verified([&](records::BackupWriter& to) { must(to.put("held/a", as_bytes(foreign))); }) == "secret_missing");
  CHECK(verified([&](records::BackupWriter& to) {
          must(to.put("held/a", as_bytes(foreign)));
          must(to.put("held/a", as_bytes("{}")));
          must(to.put("held/b", as_bytes(foreign)));
          must(to.erase("held/b"));
        }) == "ok");
  CHECK(verified([&](records::BackupWriter& to) {
          must(to.put("held/a", as_bytes("{}")));
          must(to.put("held/a", as_bytes(foreign)));
        }) == "secret_missing");
}
