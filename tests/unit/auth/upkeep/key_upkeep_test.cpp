#include "auth/upkeep/key_upkeep.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/records/revocation_record.hpp"
#include "auth/secrets/server_key_file.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

// Every key of the certificate ends then.
void check_ends(const upkeep::ServerKeyView& view, const std::optional<Instant>& at) {
  CHECK(view.facts.primary.expires_at == at);
  CHECK_FALSE(view.facts.subkeys.empty());
  for (const auto& subkey : view.facts.subkeys) CHECK(subkey.expires_at == at);
}

std::string last_decision(House& house) {
  const auto record = must(house.auth().roles().audit.list("server", 0, 1)).back();
  return record.decision + " " + record.entry.key + " " + record.entry.detail;
}

}  // namespace

TEST_CASE("extending moves the end of the key and of every subkey and keeps the fingerprint") {
  House house;
  check_ends(must(house.auth().roles().key_upkeep.show()), std::nullopt);
  const Instant end = kNoon + 400 * kDay;
  const auto extended = must(house.auth().roles().key_upkeep.extend(end, by_hand()));
  check_ends(extended, end);
  CHECK(extended.identity.fingerprint() == house.fingerprint());
  CHECK(extended.place == (house.secrets_folder() / "server.key").string());
  check_ends(must(house.auth().roles().key_upkeep.show()), end);
  CHECK(last_decision(house) == "server_key_extended " + house.fingerprint().upper() + " expires " + format_time(end));
  must(house.auth().roles().key_upkeep.extend(std::nullopt, by_hand()));
  check_ends(must(house.auth().roles().key_upkeep.show()), std::nullopt);
  CHECK(last_decision(house).ends_with("never expires"));
}

TEST_CASE("an end that has passed or that no key can have is refused and changes nothing") {
  House house;
  const auto before = contents_of(house.medium());
  CHECK(outcome(house.auth().roles().key_upkeep.extend(kNoon, by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().roles().key_upkeep.extend(kNoon - Seconds(1), by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().roles().key_upkeep.extend(kNoon + 365 * 200 * kDay, by_hand())) == "key_policy");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("a running server notices that its key was extended and one opened anew has it") {
  House house;
  must(house.auth().maintain());
  CHECK_FALSE(house.auth().is_outdated());
  const auto command = must(house.another(house.medium(), "cli"));
  must(command->roles().key_upkeep.extend(kNoon + 400 * kDay, by_hand()));
  CHECK_FALSE(house.auth().is_outdated());
  must(house.auth().maintain());
  CHECK(house.auth().is_outdated());
  must(house.restart());
  must(house.auth().maintain());
  CHECK_FALSE(house.auth().is_outdated());
}

TEST_CASE("a server that could not take a new key over is not ready and says why") {
  House house;
  must(house.auth().ready());
  house.auth().note_left_behind("record_tampered: server/identity");
  const auto ready = house.auth().ready();
  REQUIRE(outcome(ready) == "startup_refused");
  CHECK(ready.error().detail.find("record_tampered") != std::string::npos);
}

TEST_CASE("readiness warns before the key ends and fails when it has") {
  House house;
  house.add(alice());
  CHECK(must(house.auth().ready()).warnings.empty());
  must(house.auth().roles().key_upkeep.extend(kNoon + 31 * kDay, by_hand()));
  must(house.restart());
  CHECK(must(house.auth().ready()).warnings.empty());
  house.clock.pass(2 * kDay);
  CHECK(must(house.auth().ready()).warnings.size() == 2);
  house.clock.pass(29 * kDay);
  CHECK(outcome(house.auth().ready()) == "key_expired");
}

TEST_CASE("an expired server key stops challenges and nothing else") {
  House house;
  house.add(alice());
  must(house.auth().roles().key_upkeep.extend(kNoon + 2 * kDay, by_hand()));
  must(house.restart());
  house.clock.pass(2 * kDay - Seconds(600));
  const auto session = house.log_in(alice());
  const auto open_challenge = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  house.clock.pass(Seconds(600));

  // Also after a new start, or the server would be down for everybody.
  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    if (restarted) must(house.restart());
    proving::ChallengeRequest request;
    request.name.username = alice().name();
    const auto issued = house.auth().roles().issuing.issue(request, by_http());
    CHECK(outcome(issued) == "openpgp_unavailable");
    CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
    CHECK(outcome(house.auth().roles().enrolment.add(
              {"user" + std::to_string(restarted), restarted ? carol().certificate() : bob().certificate(), false},
              by_hand())) == "ok");
    CHECK(outcome(house.auth().maintain()) == "ok");
  }
  // A stick that comes back meanwhile is not lost: the grant cannot be signed, and nothing was consumed.
  CHECK(outcome(house.auth().roles().login.redeem(open_challenge, by_courier())) == "openpgp_unavailable");

  must(house.auth().roles().key_upkeep.extend(house.clock.now() + 365 * kDay, by_hand()));
  must(house.restart());
  CHECK(must(house.auth().ready()).warnings.empty());
  house.log_in(alice());
  CHECK(outcome(house.auth().roles().login.redeem(open_challenge, by_courier())) == "ok");
}

TEST_CASE("with an expired server key revocations and passwords go on and what it would have signed comes later") {
  House house;
  house.add(alice());
  house.add(bob(), "correct horse");
  must(house.auth().roles().key_upkeep.extend(kNoon + 2 * kDay, by_hand()));
  must(house.restart());
  house.clock.pass(2 * kDay);
  must(house.restart());

  const auto record =
      must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  CHECK(record.signature.empty());
  const auto session = house.auth().roles().passwords.log_in(records::AccountName{bob().name(), ""},
                                                             password_of("correct horse"), by_http());
  REQUIRE(outcome(session) == "ok");
  CHECK(outcome(house.auth().roles().sessions.end(session->token, by_http())) == "ok");
  CHECK_FALSE(must(house.auth().roles().enrolment.add({"carol", carol().certificate(), false}, by_hand()))
                  .account.parts.contains(records::AccountPart::metadata));
  must(house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const auto of_carol = [&] { return must(house.auth().roles().accounts.show(carol().account())).account; };
  must(house.auth().maintain());
  CHECK_FALSE(of_carol().parts.contains(records::AccountPart::metadata));

  must(house.auth().roles().key_upkeep.extend(house.clock.now() + 365 * kDay, by_hand()));
  must(house.restart());
  must(house.auth().maintain());
  REQUIRE(of_carol().parts.contains(records::AccountPart::metadata));
  CHECK(of_carol().epoch == 0);
  const auto metadata =
      house.engine().sealed_in(text_of(house.medium(), part_name(carol().account(), records::AccountPart::metadata)));
  CHECK(metadata.recipient == carol().fingerprint());
  const auto revoked = text_of(house.medium(), part_name(alice().account(), records::AccountPart::revocation));
  CHECK_FALSE(must(records::parse_revocation(revoked)).signature.empty());
}

TEST_CASE("S76 a key that fails its self-test for another reason than its age still stops the start") {
  House house;
  must(house.auth().roles().key_upkeep.extend(kNoon + 2 * kDay, by_hand()));
  must(house.restart());
  house.engine().break_down(true);
  CHECK(outcome(house.restart()) == "startup_refused");
}

TEST_CASE("two commands that change the key at once do not undo each other") {
  House house;
  const auto other = must(house.another(house.medium(), "cli"));
  const auto one = house.auth().roles().key_upkeep.extend(kNoon + 100 * kDay, by_hand());
  const auto two = other->roles().key_upkeep.extend(kNoon + 200 * kDay, by_hand());
  CHECK(outcome(one) == "ok");
  CHECK(outcome(two) == "ok");
  check_ends(must(house.auth().roles().key_upkeep.show()), kNoon + 200 * kDay);
}

TEST_CASE("without the secret key at hand its certificate is shown and not changed") {
  House house;
  AuthenticatorSettings settings{house.settings.server, house.fingerprint(), house.secrets_folder() / "floor", "cli",
                                 house.settings.policies};
  const auto homeless = must(Authenticator::open(settings, must(secrets::Secrets::load(house.secrets_folder(), kNoon)),
                                                 house.medium(), house.engine(), house.clock, house.rng));
  CHECK(must(homeless->roles().key_upkeep.show()).place.empty());
  CHECK(outcome(homeless->roles().key_upkeep.extend(std::nullopt, by_hand())) == "openpgp_unavailable");
}

namespace {

upkeep::KeyReplacement with_overlap(Seconds overlap) {
  return {overlap};
}

}  // namespace

TEST_CASE("a replaced key signs for the new one and is destroyed and the server goes on with the new one") {
  House house;
  house.add(alice());
  const auto replaced = must(house.auth().roles().key_upkeep.replace(with_overlap(90 * kDay), by_hand()));
  const auto present = replaced.identity.fingerprint();
  CHECK(present != house.fingerprint());
  CHECK(replaced.remark.empty());
  REQUIRE(replaced.identity.certificates().size() == 2);
  CHECK(replaced.identity.certificates()[1].fingerprint == house.fingerprint());
  CHECK(replaced.identity.certificates()[1].until == kNoon);
  CHECK(last_decision(house).starts_with("server_key_replaced " + present.upper()));
  CHECK(must(openpgp::gate::fingerprint_of_secret_key(must(openpgp::gate::dearmor(
            "PGP PRIVATE KEY BLOCK",
            must(secrets::read_server_key(house.secrets_folder(), present)).reveal_text())))) == present);
  for (const auto& entry : std::filesystem::directory_iterator(house.secrets_folder())) {
    CHECK_FALSE(entry.path().filename().string().starts_with("server-"));
  }
  // The settings still say the former fingerprint.
  must(house.restart());
  CHECK(house.auth().roles().identity.fingerprint() == present);
  house.log_in(alice());
  const auto former = house.auth().roles().identity.followed_at(house.auth().roles().timekeeper.now().wall);
  REQUIRE(former.size() == 1);
  const records::SuccessionProof proof{former[0].succession, former[0].succession_signature, former[0].armored};
  CHECK(outcome(records::follow_successions(house.engine(), {&proof, 1}, house.settings.server, house.fingerprint(),
                                            present, kNoon + kDay)) == "ok");
}

TEST_CASE("challenges from before a replacement are redeemed after it") {
  House house;
  house.add(alice());
  const auto by_net = house.answer(alice(), house.issue(alice()));
  const auto by_stick = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  must(house.auth().roles().key_upkeep.replace(with_overlap(90 * kDay), by_hand()));
  must(house.restart());
  CHECK(outcome(house.auth().roles().login.redeem(by_net, by_http())) == "ok");
  CHECK(outcome(house.auth().roles().login.redeem(by_stick, by_courier())) == "ok");
}

TEST_CASE("messages carry successions while they lead and not longer") {
  House house;
  must(house.auth().roles().key_upkeep.replace(with_overlap(10 * kDay), by_hand()));
  must(house.restart());
  must(house.auth().roles().key_upkeep.replace(with_overlap(20 * kDay), by_hand()));
  must(house.restart());
  const auto& identity = house.auth().roles().identity;
  CHECK(identity.successions_at(kNoon).size() == 2);
  CHECK(identity.successions_at(kNoon + 10 * kDay - Seconds(1)).size() == 2);
  CHECK(identity.successions_at(kNoon + 10 * kDay).size() == 1);
  CHECK(identity.successions_at(kNoon + 20 * kDay).empty());
  // Without a succession nobody is led any more, whoever comes before.
  must(house.auth().roles().key_upkeep.replace({}, by_hand()));
  must(house.restart());
  CHECK(house.auth().roles().identity.successions_at(kNoon).empty());
  CHECK(house.auth().roles().identity.followed_at(house.auth().roles().timekeeper.now().wall).empty());
  CHECK(house.auth().roles().identity.certificates().size() == 4);
}

TEST_CASE("an expired key signs for no successor and is replaced without or once it is extended") {
  House house;
  house.add(alice());
  must(house.auth().roles().key_upkeep.extend(kNoon + kDay, by_hand()));
  must(house.restart());
  house.clock.pass(2 * kDay);
  const auto before = contents_of(house.medium());
  const auto refused = house.auth().roles().key_upkeep.replace(with_overlap(90 * kDay), by_hand());
  REQUIRE(outcome(refused) == "key_expired");
  CHECK(refused.error().detail.find("server-key extend") != std::string::npos);
  CHECK(contents_of(house.medium()) == before);
  must(house.auth().roles().key_upkeep.replace({}, by_hand()));
  must(house.restart());
  house.log_in(alice());
}

TEST_CASE("an overlap is more than nothing and a year at most") {
  House house;
  CHECK(outcome(house.auth().roles().key_upkeep.replace(with_overlap(Seconds(0)), by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().roles().key_upkeep.replace(with_overlap(records::kSuccessionLifetimeMax + Seconds(1)),
                                                        by_hand())) == "malformed_message");
  CHECK(outcome(house.auth().roles().key_upkeep.replace(with_overlap(records::kSuccessionLifetimeMax), by_hand())) ==
        "ok");
}

TEST_CASE("S76 a fingerprint in the settings that the server never had still stops the start") {
  House house;
  must(house.auth().roles().key_upkeep.replace(with_overlap(90 * kDay), by_hand()));
  AuthenticatorSettings settings{house.settings.server, alice().fingerprint(), house.secrets_folder() / "floor", "cli",
                                 house.settings.policies};
  CHECK(outcome(Authenticator::open(settings, must(secrets::Secrets::load(house.secrets_folder(), kNoon)),
                                    house.medium(), house.engine(), house.clock, house.rng)) == "startup_refused");
}

TEST_CASE("an identity record from before there were successions is read") {
  House house;
  const auto entry = must(find_record(house.medium(), house.seal(), "server/identity")).value();
  Json record = entry.record;
  record.set("version", 1);
  must(put(house.medium(), "server/identity", to_string(house.seal().close("server/identity", record))));
  must(house.restart());
  record.set("version", 4);
  must(put(house.medium(), "server/identity", to_string(house.seal().close("server/identity", record))));
  CHECK(outcome(records::ServerIdentity::load(house.medium(), house.seal(), house.settings.server,
                                              house.fingerprint())) == "startup_refused");
}
