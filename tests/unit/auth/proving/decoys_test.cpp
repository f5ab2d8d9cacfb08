#include "auth/proving/decoys.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

using Mix = std::map<std::string, std::size_t>;

Mix counted(const std::vector<std::string>& slots) {
  Mix mix;
  for (const std::string& slot : slots) ++mix[slot];
  return mix;
}

std::size_t moved(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) count += before[i] != after[i] ? 1 : 0;
  return count;
}

std::string name_number(int number) {
  return "nobody" + std::to_string(number);
}

// Whom a challenge asked for in that name is encrypted to.
SpyOpenPgp::Sealed asked_for(House& house, const std::string& username) {
  proving::ChallengeRequest request;
  request.name.username = username;
  return house.engine().sealed_in(must(house.auth().roles().issuing.issue(request, by_http())).message);
}

void set_state(House& house, const Person& person, records::AccountState state) {
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(person.account()));
  records::Account changed = stored->account;
  changed.state = state;
  ++changed.epoch;
  storage::Batch batch;
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
}

}  // namespace

TEST_CASE("slots are shared out as the accounts are") {
  CHECK(counted(proving::share_slots({}, {{"cv25519", 3}, {"rsa3072", 1}}, 32)) ==
        Mix{{"cv25519", 24}, {"rsa3072", 8}});
  CHECK(counted(proving::share_slots({}, {{"cv25519", 1}}, 32)) == Mix{{"cv25519", 32}});
  CHECK(counted(proving::share_slots({}, {{"a", 1}, {"b", 1}, {"c", 1}}, 32)) == Mix{{"a", 11}, {"b", 11}, {"c", 10}});
}

TEST_CASE("an algorithm that one account in a million uses has a slot") {
  CHECK(counted(proving::share_slots({}, {{"cv25519", 1'000'000}, {"rsa3072", 1}}, 32)) ==
        Mix{{"cv25519", 31}, {"rsa3072", 1}});
  CHECK(counted(proving::share_slots({}, {{"a", 1'000'000}, {"b", 1}, {"c", 1}, {"d", 1}}, 32)).at("d") == 1);
  CHECK(counted(proving::share_slots({}, {{"a", 9}, {"b", 0}}, 32)).count("b") == 0);
  CHECK(proving::share_slots({}, {{"a", 1}, {"b", 1}, {"c", 1}}, 2).size() == 2);  // more algorithms than slots
}

TEST_CASE("as few slots move as the mix asks for") {
  const auto before = proving::share_slots({}, {{"cv25519", 30}, {"rsa3072", 2}}, 32);
  const auto same = proving::share_slots(before, {{"cv25519", 300}, {"rsa3072", 20}}, 32);
  CHECK(moved(before, same) == 0);
  const auto after = proving::share_slots(before, {{"cv25519", 28}, {"rsa3072", 4}}, 32);
  CHECK(counted(after) == Mix{{"cv25519", 28}, {"rsa3072", 4}});
  CHECK(moved(before, after) == 2);
  const auto third = proving::share_slots(after, {{"cv25519", 28}, {"nistp256", 1}, {"rsa3072", 3}}, 32);
  CHECK(moved(after, third) == 1);
}

TEST_CASE("S28 asking for nobody twice looks the same and nobody is one decoy for all") {
  House house;
  for (int i = 0; i < 5; ++i) {
    CHECK(asked_for(house, name_number(i)).recipient == asked_for(house, name_number(i)).recipient);
  }
  const auto first = asked_for(house, name_number(0)).recipient;
  must(house.restart());
  CHECK(asked_for(house, name_number(0)).recipient == first);
}

TEST_CASE("S28 decoys have the mix of algorithms of the accounts") {
  House house;
  house.add(alice());
  house.add(carol());
  must(house.auth().maintain());  // looks after the decoys
  std::set<Fingerprint> recipients;
  for (int i = 0; i < 100; ++i) recipients.insert(asked_for(house, name_number(i)).recipient);
  CHECK(recipients.size() == 2);
}

TEST_CASE("S28 an account that is revoked or deleted is asked for with its last algorithm") {
  House house;
  house.add(alice());
  house.add(bob());
  house.add(carol());
  must(house.auth().maintain());
  proving::Decoys decoys(house.medium(), house.seal(), house.secrets().decoy_key(), house.engine());
  must(decoys.load(kNoon));
  const auto nist = decoys.choose("", "nistp256").certificate.fingerprint();
  const auto curve = decoys.choose("", "cv25519").certificate.fingerprint();
  REQUIRE(nist != curve);
  set_state(house, alice(), records::AccountState::revoked);
  set_state(house, carol(), records::AccountState::deleted);
  CHECK(asked_for(house, "alice").recipient == curve);
  CHECK(asked_for(house, "carol").recipient == nist);
  // Also once nobody active uses it and the slots were shared out anew.
  house.clock.pass(std::chrono::hours(2));
  must(house.auth().maintain());
  CHECK(asked_for(house, "carol").recipient == nist);
}

TEST_CASE("S28 an account revoked before anybody looked after the decoys keeps its algorithm too") {
  House house;
  house.add(alice());
  house.add(carol());
  set_state(house, carol(), records::AccountState::revoked);
  must(house.auth().maintain());
  proving::Decoys decoys(house.medium(), house.seal(), house.secrets().decoy_key(), house.engine());
  must(decoys.load(kNoon));
  CHECK(asked_for(house, "carol").recipient == decoys.choose("", "nistp256").certificate.fingerprint());
  CHECK(asked_for(house, "carol").recipient != decoys.choose("", "cv25519").certificate.fingerprint());
}

TEST_CASE("S28 a challenge for nobody has the size of one for somebody and hides its recipient") {
  House house;
  house.add(alice());
  const auto somebody = house.issue(alice());
  proving::ChallengeRequest request;
  request.name.username = "nobod";
  const auto nobody = must(house.auth().roles().issuing.issue(request, by_http()));
  // The integers of a signature and of an encrypted key lose their leading zero bits, so a byte or two is chance.
  const auto size_of = [](const proving::IssuedChallenge& issued) { return static_cast<long>(issued.message.size()); };
  CHECK(std::abs(size_of(nobody) - size_of(somebody)) <= 8);
  CHECK(nobody.term.expires_at == somebody.term.expires_at);
  CHECK(house.engine().sealed_in(nobody.message).hidden);
  CHECK(house.engine().sealed_in(somebody.message).hidden);
  CHECK(house.engine().sealed_in(nobody.message).text.size() == house.engine().sealed_in(somebody.message).text.size());
}

TEST_CASE("decoys are made once and kept") {
  House house;
  house.add(carol());
  must(house.auth().maintain());
  const std::string before = text_of(house.medium(), "server/decoys");
  house.clock.pass(std::chrono::hours(2));
  must(house.auth().maintain());
  CHECK(text_of(house.medium(), "server/decoys") == before);
}

TEST_CASE("S76 a store whose decoys are missing or do not hold stops the start") {
  House house;
  const std::string text = text_of(house.medium(), "server/decoys");
  std::string damaged = text;
  damaged[text.size() / 2] = static_cast<char>(damaged[text.size() / 2] ^ 1);
  must(put(house.medium(), "server/decoys", damaged));
  CHECK(face_of(house.another(house.medium(), "other").error().code) == Face::integrity);
  must(erase(house.medium(), "server/decoys"));
  CHECK(outcome(house.another(house.medium(), "other")) == "startup_refused");
}

TEST_CASE("a mix of nobody leaves the default and an unknown algorithm looks like it") {
  House house;
  proving::Decoys decoys(house.medium(), house.seal(), house.secrets().decoy_key(), house.engine());
  must(decoys.rebalance({{"cv25519", 0}, {"brainpoolP256r1", 4}}, kNoon));
  must(decoys.rebalance({{"cv25519", 0}}, kNoon));
  const auto curve = decoys.choose("", "cv25519").certificate.fingerprint();
  CHECK(decoys.choose(alice().account(), "brainpoolP256r1").certificate.fingerprint() == curve);
  CHECK(decoys.choose(alice().account(), "").certificate.fingerprint() == curve);
}
