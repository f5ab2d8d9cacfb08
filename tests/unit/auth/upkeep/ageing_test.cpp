#include "auth/upkeep/ageing.hpp"

#include <catch2/catch.hpp>

#include "auth/upkeep/key_watch.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

openpgp::KeyFacts key_of(const Fingerprint& fingerprint, std::optional<Instant> expires_at) {
  openpgp::KeyFacts key;
  key.fingerprint = fingerprint;
  key.algorithm = "ed25519";
  key.created_at = kNoon - 100 * kDay;
  key.expires_at = expires_at;
  return key;
}

// A primary that certifies and signs, a subkey that encrypts.
openpgp::CertificateFacts facts_of(std::optional<Instant> primary, std::optional<Instant> subkey) {
  openpgp::CertificateFacts facts;
  facts.primary = key_of(alice().fingerprint(), primary);
  facts.primary.can_certify = true;
  facts.primary.can_sign = true;
  facts.subkeys.push_back(key_of(bob().fingerprint(), subkey));
  facts.subkeys.front().can_encrypt = true;
  return facts;
}

}  // namespace

TEST_CASE("a key is warned of thirty days before it ends and not earlier") {
  const auto facts = facts_of(kNoon + 30 * kDay, std::nullopt);
  CHECK(upkeep::keys_ending(facts, kNoon + upkeep::kKeyEndWarnedBefore).empty());
  CHECK(upkeep::keys_ending(facts, kNoon + Seconds(1) + upkeep::kKeyEndWarnedBefore).size() == 1);
  CHECK(upkeep::KeyWatch(facts).warnings(kNoon).empty());
  CHECK(upkeep::KeyWatch(facts).warnings(kNoon + Seconds(1)).size() == 1);
  CHECK(upkeep::KeyWatch(facts_of(std::nullopt, std::nullopt)).warnings(kNoon + 100'000 * kDay).empty());
}

TEST_CASE("a subkey that ends is warned of like the primary and the soonest comes first") {
  const auto ends = upkeep::keys_ending(facts_of(kNoon + 20 * kDay, kNoon + 10 * kDay), kNoon + 30 * kDay);
  REQUIRE(ends.size() == 2);
  CHECK(ends[0] == upkeep::KeyEnd{bob().fingerprint(), false, kNoon + 10 * kDay});
  CHECK(ends[1] == upkeep::KeyEnd{alice().fingerprint(), true, kNoon + 20 * kDay});
}

TEST_CASE("keys that are revoked or not bound have no end to warn of") {
  auto facts = facts_of(kNoon + 100 * kDay, kNoon + kDay);
  facts.subkeys.push_back(facts.subkeys.front());
  facts.subkeys[0].revoked = true;
  facts.subkeys[1].bound = false;
  CHECK(upkeep::keys_ending(facts, kNoon + 30 * kDay).empty());
}

TEST_CASE("a warning names the key and the day and the command") {
  const upkeep::KeyEnd end{alice().fingerprint(), true, kNoon + 3 * kDay};
  const std::string name = "the server's key " + alice().fingerprint().upper();
  const std::string command = "; run: countersign server-key extend --for 2y";
  CHECK(describe(end, kNoon) == name + " expires on 2026-11-24T12:00:00Z, in 3 days" + command);
  CHECK(describe(end, kNoon + 2 * kDay) == name + " expires on 2026-11-24T12:00:00Z, in 1 day" + command);
  CHECK(describe(end, kNoon + 3 * kDay - Seconds(1)) ==
        name + " expires on 2026-11-24T12:00:00Z, in less than a day" + command);
  CHECK(describe(end, kNoon + 3 * kDay) == name + " expired on 2026-11-24T12:00:00Z" + command);
  CHECK(upkeep::describe({bob().fingerprint(), false, kNoon}, kNoon)
            .starts_with("the subkey " + bob().fingerprint().upper()));
}

TEST_CASE("a server key signs until its end and says so at it") {
  const auto facts = facts_of(kNoon, std::nullopt);
  CHECK(upkeep::judge_server_key(facts, kNoon - Seconds(1)));
  const Status at_its_end = upkeep::judge_server_key(facts, kNoon);
  REQUIRE(outcome(at_its_end) == "key_expired");
  CHECK(at_its_end.error().detail.find("server-key extend") != std::string::npos);
  // A subkey that only encrypts may end: the server signs all the same.
  CHECK(upkeep::judge_server_key(facts_of(std::nullopt, kNoon), kNoon));
}

TEST_CASE("what is wrong with a server key besides its age is left to the self-test") {
  auto facts = facts_of(std::nullopt, std::nullopt);
  facts.primary.revoked = true;
  CHECK(upkeep::judge_server_key(facts, kNoon));
  facts = facts_of(std::nullopt, std::nullopt);
  facts.primary.can_sign = false;
  CHECK(upkeep::judge_server_key(facts, kNoon));
}

TEST_CASE("a subkey that signs keeps the server going while the primary lasts") {
  auto facts = facts_of(kNoon + 10 * kDay, kNoon);
  facts.primary.can_sign = false;
  facts.subkeys.front().can_sign = true;
  CHECK(upkeep::judge_server_key(facts, kNoon - Seconds(1)));
  CHECK(outcome(upkeep::judge_server_key(facts, kNoon)) == "key_expired");
  facts.subkeys.front().expires_at.reset();
  CHECK(upkeep::judge_server_key(facts, kNoon));
  CHECK(outcome(upkeep::judge_server_key(facts, kNoon + 10 * kDay)) == "key_expired");
}
