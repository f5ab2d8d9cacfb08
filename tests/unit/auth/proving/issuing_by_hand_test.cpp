// By hand and for a stick: whoever may list the accounts is told at once what could never succeed, and a stranger is
// told nothing of an account.
#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

proving::ChallengeRequest asking(const Person& person, records::Purpose purpose) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  request.purpose = purpose;
  request.transport = records::Transport::courier;
  return request;
}

std::string issued(House& house, const proving::ChallengeRequest& request, const Visit& visit) {
  return outcome(house.auth().roles().issuing.issue(request, visit));
}

std::string issued_to_rotate(House& house, const std::string& certificate, const Visit& visit) {
  proving::ChallengeRequest request = asking(alice(), records::Purpose::rotate);
  request.new_public_key = certificate;
  return issued(house, request, visit);
}

// It signs, and has nothing that a challenge could be encrypted to.
std::string signs_only() {
  const ForgedKey key(kNoon - std::chrono::days(9));
  ForgedSignature binding;
  binding.signature_class = 0x13;
  binding.created_at = key.created_at();
  binding.hashed = {key_flags(3)};
  return openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", concat({packet(6, key.body()), packet(13, to_bytes("Alice")),
                                                                key.certify(binding, "Alice")}));
}

}  // namespace

TEST_CASE("a challenge by hand or for a stick is for an account that can answer it") {
  House house;
  house.add(alice());
  house.add(bob());
  house.add(carol());
  must(house.auth().roles().revocation.by_administrator(bob().account(), "key_retired", "", by_hand()));
  must(house.auth().roles().deletion.by_administrator(carol().account(), by_hand()));
  for (const records::Purpose purpose : {records::Purpose::login, records::Purpose::revoke, records::Purpose::rotate}) {
    const auto ask = [&](const Person& person, const Visit& visit) {
      proving::ChallengeRequest request = asking(person, purpose);
      if (purpose == records::Purpose::revoke) request.reason = "key_retired";
      if (purpose == records::Purpose::rotate) request.new_public_key = next_key().certificate();
      return issued(house, request, visit);
    };
    CAPTURE(name_of(purpose));
    for (const Visit& visit : {by_hand(), by_courier()}) {
      CHECK(ask(alice(), visit) == "ok");
      CHECK(ask(bob(), visit) == "account_not_active");
      CHECK(ask(carol(), visit) == "account_not_active");
      CHECK(ask(next_key(), visit) == "not_found");
    }
    for (const Person* person : {&alice(), &bob(), &carol(), &next_key()}) CHECK(ask(*person, by_http()) == "ok");
  }
  must(erase(house.medium(), part_name(alice().account(), records::AccountPart::certificate)));
  CHECK(issued(house, asking(alice(), records::Purpose::login), by_hand()) == "record_tampered");
  CHECK(issued(house, asking(alice(), records::Purpose::login), by_http()) == "ok");
}

TEST_CASE("a challenge to rotate is by hand and for a stick for a key that can become the account's") {
  House house;
  house.add(alice());
  house.add(bob());
  const std::string former = alice().certificate();
  must(house.auth().roles().rotation.by_administrator(alice().account(), next_key().certificate(), by_hand()));
  const std::string taken[] = {next_key().certificate(), former, bob().certificate(),
                               house.auth().roles().identity.certificate_armored()};
  for (const std::string& certificate : taken) {
    for (const Visit& visit : {by_hand(), by_courier()})
      CHECK(issued_to_rotate(house, certificate, visit) == "key_taken");
    // A stranger is not told whose key it is, nor whose it was.
    CHECK(issued_to_rotate(house, certificate, by_http()) == "ok");
  }
  CHECK(issued_to_rotate(house, carol().certificate(), by_hand()) == "ok");
}

TEST_CASE("a challenge to rotate names no key that policy refuses, whoever asks for whom") {
  House house;
  house.add(alice());
  for (const Visit& visit : {by_hand(), by_courier(), by_http()}) {
    CHECK(issued_to_rotate(house, signs_only(), visit) == "key_policy");
  }
  proving::ChallengeRequest of_nobody = asking(bob(), records::Purpose::rotate);
  of_nobody.new_public_key = signs_only();
  CHECK(issued(house, of_nobody, by_http()) == "key_policy");
}

TEST_CASE("a challenge to enrol is by hand for a name and a key that are free") {
  House house;
  house.add(alice());
  const auto ask = [&](const Person& person, const std::string& certificate) {
    proving::ChallengeRequest request = asking(person, records::Purpose::enrol);
    request.public_key = certificate;
    return issued(house, request, by_hand());
  };
  CHECK(ask(alice(), bob().certificate()) == "account_exists");
  CHECK(ask(bob(), alice().certificate()) == "key_taken");
  CHECK(ask(bob(), house.auth().roles().identity.certificate_armored()) == "key_taken");
  CHECK(ask(bob(), bob().certificate()) == "ok");
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  CHECK(ask(alice(), alice().certificate()) == "ok");
}

TEST_CASE("S68 a registration that is closed is so for every name alike") {
  House house;
  house.add(alice());
  for (const char* name : {"alice", "bob", "server", "Alice", ""}) {
    CAPTURE(name);
    proving::ChallengeRequest request = asking(bob(), records::Purpose::enrol);
    request.name.username = name;
    request.public_key = bob().certificate();
    CHECK(issued(house, request, by_http()) == "registration_closed");
  }
}
