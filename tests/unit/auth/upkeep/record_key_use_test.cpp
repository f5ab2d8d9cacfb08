#include "auth/upkeep/record_key_use.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house_secrets.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
namespace fs = std::filesystem;

namespace {

bool intact(House& house) {
  return must(house.auth().roles().audit.verify({})).faults.empty();
}

HouseSettings with_pepper() {
  HouseSettings settings;
  settings.policies.password.pepper = true;
  return settings;
}

Status log_in(House& house, const std::string& password) {
  records::AccountName name;
  name.username = alice().name();
  const auto opened = house.auth().roles().passwords.log_in(name, password_of(password), by_http());
  return opened ? ok() : Status(tl::unexpected<Error>(opened.error()));
}

}  // namespace

TEST_CASE("a record key goes once records are sealed anew and is kept for the audit record alone") {
  House house;
  house.add(alice(), "correct horse");
  const auto session = house.log_in(alice());
  const std::string old = only_id(house, secrets::SecretFamily::record);
  CHECK_FALSE(view_of(house, old).use);  // nothing to retire, nothing counted
  const std::string next = rotated(house, "record");

  const upkeep::SecretView view = view_of(house, old);
  CHECK(view.state == upkeep::SecretState::opening);
  REQUIRE(view.use);
  CHECK(view.use->counts.at("users") >= 1);
  CHECK(view.use->counts.at("keys") == 1);
  CHECK(view.use->counts.at("sessions") == 1);
  CHECK(view.use->counts.at("server") >= 2);
  CHECK(view.use->is_in_audit());
  CHECK(contains(detail_of_retiring(house, old), "countersign secret reseal"));
  CHECK(contains(detail_of_retiring(house, old), "1 in keys"));

  std::int64_t seen = -1;
  const auto resealed = must(house.auth().roles().secret_upkeep.reseal(
      by_hand(), [&](std::int64_t records, std::int64_t) { seen = records; }));
  CHECK(resealed.faults.empty());
  CHECK(resealed.records >= 6);
  CHECK(seen == -1);  // a page is not filled
  CHECK(must(house.auth().roles().secret_upkeep.reseal(by_hand(), {})).records == 0);
  CHECK(view_of(house, old).state == upkeep::SecretState::retirable);
  CHECK(retire(house, old) == "ok");
  must(house.restart());

  CHECK(fs::exists(house.secrets_folder() / ("audit-" + old)));
  CHECK_FALSE(fs::exists(house.secrets_folder() / ("record-" + old)));
  CHECK(states(house, "record") == std::map<std::string, std::string>{{next, "in use"}});
  CHECK(states(house, "audit") == std::map<std::string, std::string>{{old, "kept"}});
  CHECK(retire(house, old) == "secret_in_use");
  CHECK(intact(house));
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
  CHECK(outcome(log_in(house, "correct horse")) == "ok");
  house.log_in(alice());
}

TEST_CASE("an audit key is good for the audit records that it was kept for and for nothing else") {
  House house;
  house.add(alice());
  const secrets::SecretKey old = house.secrets().newest_record_key();
  rotated(house, "record");
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  REQUIRE(retire(house, old.id) == "ok");
  must(house.restart());
  REQUIRE(intact(house));

  // Whoever holds the former key plants with it.
  House elsewhere;
  must(write_secret_file(elsewhere.secrets_folder(), secrets::SecretFamily::record, old));
  elsewhere.clock.set(old.from);
  const fs::path folder = elsewhere.secrets_folder();
  fs::remove(folder / ("record-" + elsewhere.secrets().newest_record_key().id));
  const secrets::Secrets stolen = must(secrets::Secrets::load(folder, old.from));
  REQUIRE(stolen.newest_record_key().id == old.id);
  const secrets::RecordSeal forger(stolen);
  const std::string session = "sessions/" + std::string(64, 'a');
  CHECK(outcome(house.seal().open(session, forger.close(session, Json::object().set("version", 1)))) ==
        "secret_missing");
  const std::string last = house.secrets().family(secrets::SecretFamily::audit).front().last.front();
  CHECK(outcome(house.seal().open(last, forger.close(last, Json::object()))) == "ok");
  const auto head = must(house.auth().roles().audit.list("server", 0, 1)).front();
  const std::string after = records::audit_name("server", head.number + 1);
  CHECK(outcome(house.seal().open(after, forger.close(after, Json::object()))) == "secret_missing");
  const std::string foreign = records::audit_name("nobody", 1);
  CHECK(outcome(house.seal().open(foreign, forger.close(foreign, Json::object()))) == "secret_missing");
  const std::string longer = last + "0";
  CHECK(outcome(house.seal().open(longer, forger.close(longer, Json::object()))) == "secret_missing");
}

TEST_CASE("S19 a key that a pepper comes from is not retired until the password is hashed anew") {
  House house(with_pepper(), nullptr);
  house.add(alice(), "correct horse");
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  const std::string detail = detail_of_retiring(house, old);
  CHECK(contains(detail, "1 in passwords"));
  CHECK(contains(detail, alice().account()));
  CHECK_FALSE(contains(detail, "reseal"));
  CHECK(view_of(house, old).use->counts.at("passwords") == 1);
  CHECK(outcome(log_in(house, "correct horse")) == "ok");  // hashed anew with it
  CHECK(retire(house, old) == "ok");
  must(house.restart());
  CHECK(outcome(log_in(house, "correct horse")) == "ok");
  CHECK(outcome(log_in(house, "wrong horse")) == "password_wrong");
}

TEST_CASE("a record key is not retired under whoever still seals with it") {
  House house;
  const std::string old = only_id(house, secrets::SecretFamily::record);
  auto late = must(house.another(house.medium(), "late"));
  house.clock.pass(Seconds(1));
  const auto made = must(house.auth().roles().secret_upkeep.rotate("record", Seconds(0), by_hand()));
  must(house.restart());
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  CHECK(contains(detail_of_retiring(house, old), "safe at " + format_time(made.from + upkeep::kTakeOver)));
  house.clock.pass(upkeep::kTakeOver);
  CHECK(contains(detail_of_retiring(house, old), "runs since before"));
  late.reset();
  CHECK(retire(house, old) == "ok");
}

TEST_CASE("the floor is counted and sealed anew with the records") {
  House house;
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  CHECK(view_of(house, old).use->counts.at("secrets") == 1);
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  CHECK(view_of(house, old).use->counts.count("secrets") == 0);
}

TEST_CASE("a record whose MAC does not hold is told of and left as it is") {
  House house;
  house.add(alice());
  const std::string name = records::account_name(alice().account());
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  std::string text = text_of(house.medium(), name);
  const auto at = text.find("\"epoch\":");
  REQUIRE(at != std::string::npos);
  text.insert(at + 8, "1");
  must(put(house.medium(), name, text));
  const auto resealed = must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  CHECK(resealed.faults == std::vector<std::string>{name + ": record_tampered"});
  CHECK(text_of(house.medium(), name) == text);
  CHECK(retire(house, old) == "secret_in_use");
}

TEST_CASE("retiring that was stopped is finished by retiring again") {
  House house;
  house.add(alice());
  const std::string old = only_id(house, secrets::SecretFamily::record);
  rotated(house, "record");
  must(house.auth().roles().secret_upkeep.reseal(by_hand(), {}));
  secrets::SecretKey key = *house.secrets().find_record_key(old);
  SECTION("the audit key was written and the record key is there") {
    key.last = {records::audit_name("server", 1)};
    must(write_secret_file(house.secrets_folder(), secrets::SecretFamily::audit, key));
    must(house.restart());
    CHECK(intact(house));
  }
  SECTION("a removal before left its file behind") {
    fs::copy_file(house.secrets_folder() / ("record-" + old), house.secrets_folder() / ("record-" + old + ".gone"));
    must(house.restart());
  }
  CHECK(retire(house, old) == "ok");
  must(house.restart());
  CHECK(intact(house));
  CHECK_FALSE(fs::exists(house.secrets_folder() / ("record-" + old + ".gone")));
  CHECK(states(house, "record").size() == 1);
}
