#include "auth/upkeep/secret_upkeep.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/house_secrets.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kDay{24};

std::vector<std::string> decisions(House& house) {
  std::vector<std::string> found;
  for (const records::AuditRecord& record : must(house.auth().roles().audit.list("", 0, 1000)))
    found.push_back(record.decision);
  return found;
}

}  // namespace

TEST_CASE("a rotated key is loaded, then seals, and the former one opens") {
  House house;
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  const auto made = must(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand()));
  CHECK(made.state == upkeep::SecretState::coming);
  CHECK(made.from == house.clock.now() + upkeep::kTakeOver);
  must(house.restart());
  CHECK(states(house, "seal") == std::map<std::string, std::string>{{old, "in use"}, {made.id, "coming"}});
  CHECK(house.secrets().newest_seal_key().id == old);
  house.clock.pass(upkeep::kTakeOver);
  must(house.restart());
  CHECK(states(house, "seal") == std::map<std::string, std::string>{{old, "opening"}, {made.id, "in use"}});
  CHECK(house.secrets().newest_seal_key().id == made.id);
  CHECK(decisions(house).back() == "secret_rotated");
}

TEST_CASE("a change of the secrets that fails leaves them to the next one") {
  House house;
  const std::string id = only_id(house, secrets::SecretFamily::decoy);
  const fs::path file = house.secrets_folder() / secret_file_name(secrets::SecretFamily::decoy, id);
  for (int tries = 0; tries < 2; ++tries) {
    fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
    CHECK(outcome(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand())) ==
          "startup_refused");
    CHECK(retire(house, id) == "startup_refused");
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    CHECK(outcome(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand())) == "ok");
  }
}

TEST_CASE("an authenticator is outdated once a key comes or is due and not before") {
  House house;
  const auto other = must(house.another(house.medium(), "other"));
  must(other->maintain());
  CHECK_FALSE(other->is_outdated());
  must(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand()));
  must(other->maintain());
  CHECK(other->is_outdated());
  const auto next = must(house.another(house.medium(), "other"));
  house.clock.pass(upkeep::kTakeOver - Seconds(1));
  must(next->maintain());
  CHECK_FALSE(next->is_outdated());
  house.clock.pass(Seconds(1));
  must(next->maintain());
  CHECK(next->is_outdated());
}

TEST_CASE("what ends after others took a record key over saves the floor and what they noted") {
  House house;
  const auto other = must(house.another(house.medium(), "other"));
  house.clock.pass(Seconds(1));
  must(house.auth().roles().secret_upkeep.rotate("record", Seconds(0), by_hand()));
  must(house.restart());
  must(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand()));
  must(house.auth().maintain());                                                    // the floor is under the new key
  must(other->roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand()));  // something to note
  CHECK(outcome(other->close()) == "ok");
  must(house.restart());
  CHECK(must(house.auth().roles().audit.verify({})).faults.empty());
}

TEST_CASE("no login is lost while two servers take a new key over one after the other") {
  HouseSettings settings;
  settings.policies.rate_limit = false;
  House house(settings, nullptr);
  house.add(alice());
  auto a = must(house.another(house.medium(), "a"));
  auto b = must(house.another(house.medium(), "b"));
  const auto issue_by = [&](Authenticator& server) {
    proving::ChallengeRequest request;
    request.name.username = alice().name();
    return must(server.roles().issuing.issue(request, by_http()));
  };
  std::string opened;
  // Whoever issued it, the other one takes the answer.
  const auto both_ways = [&] {
    opened += outcome(b->roles().login.redeem(house.answer(alice(), issue_by(*a)), by_http())) + " ";
    opened += outcome(a->roles().login.redeem(house.answer(alice(), issue_by(*b)), by_http())) + " ";
  };
  for (const char* family : {"seal", "record"}) {
    must(house.auth().roles().secret_upkeep.rotate(family, Seconds(60), by_hand()));
    const auto before = house.answer(alice(), issue_by(*a));
    both_ways();                                   // neither has loaded it
    a = must(house.another(house.medium(), "a"));  // one has
    both_ways();
    b = must(house.another(house.medium(), "b"));  // both have
    both_ways();
    house.clock.pass(Seconds(30));
    both_ways();
    house.clock.pass(Seconds(30));  // it is due, and one is late
    a = must(house.another(house.medium(), "a"));
    const auto under_new = house.answer(alice(), issue_by(*a));
    both_ways();
    b = must(house.another(house.medium(), "b"));
    both_ways();
    opened += outcome(b->roles().login.redeem(under_new, by_http())) + " ";
    // What was sealed before the rotation is still good, for as long as it would have been.
    opened += outcome(b->roles().login.redeem(before, by_http())) + " ";
    must(house.restart());
  }
  std::string all;
  for (int logins = 0; logins < 2 * (6 * 2 + 2); ++logins) all += "ok ";
  CHECK(opened == all);
}

TEST_CASE("a challenge sealed before a rotation opens after it") {
  House house;
  house.add(alice());
  const auto answer = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  rotated(house, "seal");
  rotated(house, "record");
  CHECK(outcome(house.auth().roles().login.redeem(answer, by_courier())) == "ok");
}

TEST_CASE("a seal key is retired when nothing can be open under it and not a second before") {
  House house;
  house.add(alice());
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  house.clock.pass(Seconds(1));
  const auto made = must(house.auth().roles().secret_upkeep.rotate("seal", Seconds(0), by_hand()));
  must(house.restart());
  const Instant safe = made.from + upkeep::kTakeOver + 30 * kDay + 24 * std::chrono::hours(1);
  CHECK(view_of(house, old).safe_at == safe);
  CHECK(contains(detail_of_retiring(house, old), "safe at " + format_time(safe)));
  house.clock.pass(safe - house.clock.now() - Seconds(1));
  CHECK(contains(detail_of_retiring(house, old), "safe at " + format_time(safe)));
  CHECK(view_of(house, old).state == upkeep::SecretState::opening);
  house.clock.pass(Seconds(1));
  CHECK(view_of(house, old).state == upkeep::SecretState::retirable);
  CHECK(retire(house, old) == "ok");
  CHECK_FALSE(fs::exists(house.secrets_folder() / ("seal-" + old)));
  CHECK(decisions(house).back() == "secret_retired");
  must(house.auth().maintain());
  CHECK(house.auth().is_outdated());
  must(house.restart());
  CHECK(states(house, "seal") == std::map<std::string, std::string>{{made.id, "in use"}});
  house.log_in(alice());
  CHECK(retire(house, old) == "not_found");
}

TEST_CASE("a courier's challenge of the longest life gives its grant again until the day its key may go") {
  HouseSettings settings;
  settings.policies.courier_challenge_lifetime = records::kChallengeLifetimeMax;
  House house(settings, nullptr);
  house.add(alice());
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  house.clock.pass(Seconds(1));
  const auto made = must(house.auth().roles().secret_upkeep.rotate("seal", Seconds(0), by_hand()));
  // Issued by a server that takes the key over as late as it may.
  house.clock.pass(upkeep::kTakeOver);
  const auto answer = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  CHECK(outcome(house.auth().roles().login.redeem(answer, by_courier())) == "ok");
  house.clock.pass(
      *upkeep::safe_to_retire_at(
          secrets::SecretFamily::seal,
          must(secrets::Secrets::load(house.secrets_folder(), made.from)).family(secrets::SecretFamily::seal), 0,
          house.clock.now()) -
      house.clock.now() - Seconds(1));
  must(house.restart());
  CHECK(outcome(house.auth().roles().login.redeem(answer, by_courier())) == "ok");
  CHECK(retire(house, old) == "secret_in_use");
  house.clock.pass(Seconds(1));
  CHECK(retire(house, old) == "ok");
}

TEST_CASE("a seal key in other hands goes at once and takes along what is open under it and nothing else") {
  House house;
  house.add(alice());
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  const auto session = house.log_in(alice());
  const auto open = house.answer(alice(), house.issue(alice()));
  house.clock.pass(Seconds(1));
  must(house.auth().roles().secret_upkeep.rotate("seal", Seconds(0), by_hand()));
  must(house.restart());
  CHECK(retire(house, old) == "secret_in_use");
  CHECK(retire(house, old, true) == "ok");
  must(house.restart());
  CHECK(outcome(house.auth().roles().login.redeem(open, by_http())) == "challenge_invalid");
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
  house.log_in(alice());
}

TEST_CASE("a key that is coming is given up until a clock that is ahead could have come to it") {
  for (const char* family : {"seal", "record"}) {
    House house;
    const auto before = states(house, family);
    const auto soon = must(house.auth().roles().secret_upkeep.rotate(family, kDay, by_hand()));
    const auto later = must(house.auth().roles().secret_upkeep.rotate(family, kDay + Seconds(1), by_hand()));
    house.clock.pass(kDay - upkeep::kTakeOver);
    CAPTURE(family);
    CHECK(contains(detail_of_retiring(house, soon.id), "it is to be used from " + format_time(soon.from)));
    CHECK_FALSE(must(house.auth().roles().secret_upkeep.retire(later.id, false, by_hand(), {})).kept_for_audit);
    CHECK(decisions(house).back() == "secret_retired");
    CHECK(retire(house, soon.id, true) == "ok");
    house.clock.pass(kDay);
    must(house.restart());
    CHECK(states(house, family) == before);
  }
}

TEST_CASE("a stolen key that is coming goes with the one in use and never takes over") {
  for (const char* family : {"seal", "record"}) {
    House house;
    const std::string old = states(house, family).begin()->first;
    const std::string coming = must(house.auth().roles().secret_upkeep.rotate(family, Seconds(20), by_hand())).id;
    house.clock.pass(Seconds(5));
    const std::string next = must(house.auth().roles().secret_upkeep.rotate(family, Seconds(0), by_hand())).id;
    must(house.restart());
    CAPTURE(family);
    CHECK(retire(house, coming, true) == "ok");
    CHECK(retire(house, coming, true) == "not_found");
    house.clock.pass(Seconds(20));
    must(house.restart());
    CHECK(states(house, family) == std::map<std::string, std::string>{{old, "opening"}, {next, "in use"}});
  }
}

TEST_CASE("of a family no key goes that is in use though its time is yet to come") {
  // As of a folder that was made by a clock that ran ahead.
  House house;
  const std::string first = only_id(house, secrets::SecretFamily::seal);
  const std::string coming = must(house.auth().roles().secret_upkeep.rotate("seal", kDay, by_hand())).id;
  fs::remove(house.secrets_folder() / secret_file_name(secrets::SecretFamily::seal, first));
  must(house.restart());
  CHECK(states(house, "seal") == std::map<std::string, std::string>{{coming, "in use"}});
  CHECK(retire(house, coming) == "secret_in_use");
  CHECK(retire(house, coming, true) == "secret_in_use");
}

TEST_CASE("what is in use, about to be, the decoy's or unknown is not retired") {
  House house;
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(house.secrets_folder())) names.insert(entry.path().filename());
    return names;
  };
  must(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand()));
  const std::string coming = must(house.auth().roles().secret_upkeep.rotate("record", upkeep::kTakeOver, by_hand())).id;
  const auto before = files();
  CHECK(contains(detail_of_retiring(house, only_id(house, secrets::SecretFamily::seal)),
                 "countersign secret rotate seal"));
  CHECK(contains(detail_of_retiring(house, only_id(house, secrets::SecretFamily::record)),
                 "countersign secret rotate record"));
  CHECK(contains(detail_of_retiring(house, coming), "it is to be used from"));
  CHECK(retire(house, only_id(house, secrets::SecretFamily::seal), true) == "secret_in_use");
  CHECK(retire(house, only_id(house, secrets::SecretFamily::record), true) == "malformed_message");
  CHECK(retire(house, house.secrets().decoy_key().id) == "malformed_message");
  CHECK(retire(house, house.secrets().decoy_key().id, true) == "malformed_message");
  for (const char* id : {"0123456789abcdef", "", "../floor", "floor"}) CHECK(retire(house, id) == "not_found");
  CHECK(files() == before);
}

TEST_CASE("the decoy key and what is no family do not rotate, nor at a time out of range") {
  House house;
  const auto rotate = [&](const std::string& family, Seconds after) {
    return outcome(house.auth().roles().secret_upkeep.rotate(family, after, by_hand()));
  };
  const auto before = must(secrets::list_secret_files(house.secrets_folder()));
  for (const char* family : {"decoy", "audit", "", "Seal", "server"})
    CHECK(rotate(family, upkeep::kTakeOver) == "malformed_message");
  CHECK(rotate("seal", Seconds(-1)) == "malformed_message");
  CHECK(rotate("seal", upkeep::kRotationAheadMax + Seconds(1)) == "malformed_message");
  CHECK(must(secrets::list_secret_files(house.secrets_folder())) == before);
  CHECK(rotate("seal", upkeep::kRotationAheadMax) == "ok");
}

TEST_CASE("of two keys of one second the later one takes over") {
  House house;
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  const auto made = must(house.auth().roles().secret_upkeep.rotate("seal", Seconds(0), by_hand()));
  CHECK(made.from == house.clock.now() + Seconds(1));
  CHECK(made.state == upkeep::SecretState::coming);
  must(house.restart());
  CHECK(house.secrets().newest_seal_key().id == old);
  house.clock.pass(Seconds(1));
  must(house.restart());
  CHECK(house.secrets().newest_seal_key().id == made.id);
}

TEST_CASE("S47 with a clock that is behind no key rotates or retires") {
  House house;
  house.clock.pass(kDay);
  must(house.auth().maintain());
  const std::string old = only_id(house, secrets::SecretFamily::seal);
  house.clock.set(kNoon);
  CHECK(outcome(house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand())) == "clock_behind");
  CHECK(retire(house, old) == "clock_behind");
}

TEST_CASE("a folder of secrets that cannot be written says where keys are changed") {
  if (::geteuid() == 0) {
    WARN("root writes where it likes; what a read-only folder does is not shown");
    return;
  }
  House house;
  REQUIRE(::chmod(house.secrets_folder().c_str(), 0500) == 0);
  const auto rotated_key = house.auth().roles().secret_upkeep.rotate("seal", upkeep::kTakeOver, by_hand());
  REQUIRE(::chmod(house.secrets_folder().c_str(), 0700) == 0);
  CHECK(outcome(rotated_key) == "storage_unavailable");
  CHECK(contains(rotated_key.error().detail, "changed there"));
}

TEST_CASE("a state of a key has a name each") {
  std::set<std::string_view> names;
  for (const upkeep::SecretState state :
       {upkeep::SecretState::coming, upkeep::SecretState::in_use, upkeep::SecretState::opening,
        upkeep::SecretState::retirable, upkeep::SecretState::kept}) {
    names.insert(name_of(state));
  }
  CHECK(names.size() == 5);
}
