#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

#include "tests/support/faulty_medium.hpp"
#include "tests/support/invited.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

HouseSettings with(Registration registration) {
  HouseSettings settings = by_invite();
  settings.policies.registration = registration;
  return settings;
}

records::Invite shown(House& house, const invites::MadeInvite& made) {
  return must(house.auth().roles().invites.show(made.invite.id));
}

}  // namespace

TEST_CASE("who shows an invite and proves a key has an account with its groups, and the invite is used") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob", {"staff", "ops"});
  house.clock.pass(Seconds(5));
  REQUIRE(enrolled_by(house, bob(), invite.secret) == "ok");
  const records::Account account = must(house.auth().roles().accounts.show(bob().account())).account;
  CHECK(account.profile.groups == std::vector<std::string>{"staff", "ops"});
  CHECK(account.fingerprint == bob().fingerprint());
  const records::Invite used = shown(house, invite);
  CHECK(used.state == records::InviteState::used);
  CHECK(used.account == bob().account());
  CHECK(used.ended_at == house.clock.now());
  CHECK(newest_audit(house) == "account_enrolled: invite " + invite.invite.id);
  CHECK_NOTHROW(house.log_in(bob()));
  CHECK(faults_of_store(house.medium(), house) == std::vector<std::string>());
}

TEST_CASE("S84 an invite lets one in, and who comes second is denied") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "");
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
  CHECK(enrolled_by(house, carol(), invite.secret) == "invite_spent");
  CHECK(enrolled_by(house, bob(), invite.secret) == "invite_spent");
  CHECK(shown(house, invite).account == bob().account());
}

TEST_CASE("S84 of many who come with one invite at once exactly one gets in") {
  House house(by_invite(), nullptr);
  std::vector<std::unique_ptr<Person>> people;
  for (int i = 0; i < 8; ++i) {
    people.push_back(std::make_unique<Person>("guest" + std::to_string(i), openpgp::KeyKind::ed25519_cv25519));
  }
  for (int round = 0; round < 5; ++round) {
    const auto invite = make_invite(house, "");
    std::vector<proving::Response> responses;
    for (const auto& person : people) {
      const auto before = must(house.auth().roles().accounts.find(person->account()));
      if (before && before->account.state == records::AccountState::active) {
        must(house.auth().roles().deletion.by_administrator(person->account(), by_hand()));
      }
      records::Challenge challenge = house.challenge_for(*person, records::Purpose::enrol, records::Transport::http);
      const auto stored = must(house.auth().roles().accounts.find(person->account()));
      if (stored) challenge.epoch = stored->account.epoch + 1;
      responses.push_back(house.answer_to(*person, challenge));
    }
    std::vector<std::string> outcomes(people.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < people.size(); ++i) {
      threads.emplace_back([&, i] {
        outcomes[i] = outcome(house.auth().roles().enrolment.enrol(responses[i], people[i]->certificate(), by_http(),
                                                                   std::nullopt, invite.secret));
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::count(outcomes.begin(), outcomes.end(), "ok") == 1);
    CHECK(std::count(outcomes.begin(), outcomes.end(), "invite_spent") == 7);
  }
}

TEST_CASE("S84 whenever another comes with the same invite meanwhile, one of the two gets in and no more") {
  std::size_t points = 0;
  for (std::size_t n = 1;; ++n) {
    CAPTURE(n);
    storage::MemoryMedium memory;
    FaultyMedium between(memory);
    House house(by_invite(), &between);
    const auto invite = make_invite(house, "");
    const auto later = answer_with(house, carol());
    const auto earlier = answer_with(house, bob());
    const auto other = must(house.another(memory, "other"));
    std::string earlier_came;
    between.interfere(n, [&] {
      earlier_came =
          outcome(other->roles().enrolment.enrol(earlier, bob().certificate(), by_http(), std::nullopt, invite.secret));
    });
    const std::string later_came = outcome(
        house.auth().roles().enrolment.enrol(later, carol().certificate(), by_http(), std::nullopt, invite.secret));
    if (earlier_came.empty()) break;
    ++points;
    const bool earlier_is_in = must(house.auth().roles().accounts.find(bob().account())).has_value();
    const bool later_is_in = must(house.auth().roles().accounts.find(carol().account())).has_value();
    CHECK(earlier_is_in != later_is_in);
    CHECK((earlier_is_in ? earlier_came : later_came) == "ok");
    CHECK((earlier_is_in ? later_came : earlier_came) == "invite_spent");
    CHECK(shown(house, invite).account == (earlier_is_in ? bob() : carol()).account());
    CHECK(faults_of_store(memory, house) == std::vector<std::string>());
  }
  CHECK(points >= 4);
}

TEST_CASE("S85 a secret that was guessed opens nothing, however near it is") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "");
  const std::string secret(invite.secret.reveal_text());
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string near = secret;
    near[i] = near[i] == 'A' ? 'Q' : 'A';
    CHECK(enrolled_by(house, bob(), Secret(as_bytes(near))) == "invite_unknown");
  }
  // Nor does its id, which is on the medium and in the log.
  CHECK(enrolled_by(house, bob(), Secret(as_bytes(invite.invite.id))) == "invite_unknown");
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
}

TEST_CASE("S86 an invite for a name lets nobody in under another") {
  House house(by_invite(), nullptr);
  const auto invite = make_invite(house, "bob");
  CHECK(enrolled_by(house, carol(), invite.secret) == "invite_for_another");
  CHECK(shown(house, invite).state == records::InviteState::pending);
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
}

TEST_CASE("whether strangers may come is the setting's, with an invite and without") {
  const auto came = [](Registration registration, bool shows) {
    House house(with(registration), nullptr);
    const auto invite = make_invite(house, "bob");
    return enrolled_by(house, bob(), shows ? invite.secret : Secret());
  };
  CHECK(came(Registration::closed, false) == "registration_closed");
  CHECK(came(Registration::closed, true) == "registration_closed");
  CHECK(came(Registration::invite, false) == "registration_closed");
  CHECK(came(Registration::invite, true) == "ok");
  CHECK(came(Registration::open, false) == "ok");
  CHECK(came(Registration::open, true) == "ok");
}

TEST_CASE("where registration is open an invite gives its groups, and a bad one lets nobody in") {
  House house(with(Registration::open), nullptr);
  const auto invite = make_invite(house, "bob", {"staff"});
  CHECK(enrolled_by(house, carol(), invite.secret) == "invite_for_another");
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
  CHECK(must(house.auth().roles().accounts.show(bob().account())).account.profile.groups ==
        std::vector<std::string>{"staff"});
  CHECK(enrolled_by(house, carol(), Secret()) == "ok");
  CHECK(must(house.auth().roles().accounts.show(carol().account())).account.profile.groups.empty());
}

TEST_CASE("a key that is made by the server is no invited one's") {
  House house(by_invite(), nullptr);
  CHECK(outcome(house.auth().roles().enrolment.add_managed({"bob", password_of("correct horse")}, by_http())) ==
        "registration_closed");
}

TEST_CASE("an invite is spent by an account alone, and by nothing that was refused") {
  House house(by_invite(), nullptr);
  house.add(alice());
  const auto invite = make_invite(house, "");
  // A name that somebody has, and a signature that is another's.
  CHECK(enrolled_by(house, alice(), invite.secret) == "challenge ok, account account_exists");
  proving::Response forged = answer_with(house, bob());
  forged.signature = carol().sign(house.statement_in(forged.challenge), house.clock.now());
  CHECK(outcome(house.auth().roles().enrolment.enrol(forged, bob().certificate(), by_http(), std::nullopt,
                                                     invite.secret)) == "signature_by_another_key");
  CHECK(shown(house, invite).state == records::InviteState::pending);
  CHECK(enrolled_by(house, bob(), invite.secret) == "ok");
}

TEST_CASE("who is at the machine needs no invite, and may show one") {
  House house(with(Registration::closed), nullptr);
  const auto invite = make_invite(house, "bob", {"staff"});
  const records::Challenge challenge = house.challenge_for(bob(), records::Purpose::enrol, records::Transport::courier);
  CHECK(outcome(house.auth().roles().enrolment.enrol(house.answer_to(bob(), challenge), bob().certificate(), by_hand(),
                                                     std::nullopt, invite.secret)) == "ok");
  CHECK(shown(house, invite).state == records::InviteState::used);
}
