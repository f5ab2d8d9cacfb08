#include "auth/keys/revocation.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/packet_builder.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::uint8_t kRevocationReason = 29;

// A key whose packets the test writes, and so its revocation too.
struct Forger {
  ForgedKey key{kNoon - std::chrono::days(30)};

  static ForgedSignature at(std::uint8_t signature_class, std::vector<Bytes> hashed = {}, std::uint8_t hash = 8) {
    ForgedSignature what;
    what.signature_class = signature_class;
    what.hash = hash;
    what.created_at = kNoon - std::chrono::days(1);
    what.hashed = std::move(hashed);
    return what;
  }
  Bytes revocation(std::uint8_t code, std::string_view text = "", std::uint8_t hash = 8) const {
    Bytes reason{code};
    append(reason, as_bytes(text));
    return key.sign_key(at(0x20, {subpacket(kRevocationReason, reason)}, hash));
  }
};

std::string revoked_by(House& house, const Person& person, std::string_view revocation) {
  return outcome(house.auth().roles().revocation.by_certificate(person.account(), std::string(revocation), by_http()));
}

// Alice by gpg, with the revocation certificate that gpg made with her key.
struct GnupgAlice {
  GnupgAlice() {
    home.set_time("20260101T000000!");
    key = home.make_key("ed25519", "Alice");
    certificate = home.export_public(key);
  }
  std::string revocation() const {
    const std::string kept = read_file(home.path() + "/openpgp-revocs.d/" + key + ".rev");
    return kept.substr(kept.find(":-----BEGIN") + 1);
  }
  GnupgHome home;
  std::string key;
  std::string certificate;
};

}  // namespace

TEST_CASE("S38 the key's holder revokes it by a statement") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  const proving::Response login = house.answer(alice(), house.issue(alice()));
  const records::RevocationRecord record =
      must(house.auth().roles().revocation.by_statement(revoke_response(house, alice(), "key_compromised"), by_http()));
  CHECK(record.account == alice().account());
  CHECK(record.fingerprint == alice().fingerprint());
  CHECK(record.reason == "key_compromised");
  CHECK(record.by == "statement");
  CHECK(record.revoked_at == kNoon);
  CHECK(state_of(house, alice()) == records::AccountState::revoked);
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "account_not_active");
  CHECK(outcome(house.auth().roles().login.redeem(login, by_http())) == "account_not_active");
  CHECK(must(records::parse_revocation(revocation_of(house, alice()))).signature == record.signature);
}

TEST_CASE("S38 an administrator revokes without the key") {
  House house;
  house.add(alice());
  const auto record =
      must(house.auth().roles().revocation.by_administrator(alice().account(), "no_longer_valid", "left", by_hand()));
  CHECK(record.by == "administrator");
  CHECK(record.note == "left");
  CHECK(state_of(house, alice()) == records::AccountState::revoked);
  CHECK(outcome(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand())) ==
        "account_not_active");
  CHECK(outcome(house.auth().roles().revocation.by_administrator(bob().account(), "unspecified", "", by_hand())) ==
        "not_found");
}

TEST_CASE("S38 a revocation certificate that gpg made revokes") {
  GnupgAlice gnupg;
  House house;
  must(house.auth().roles().enrolment.add({"alice", gnupg.certificate, false}, by_hand()));
  const auto record =
      must(house.auth().roles().revocation.by_certificate(alice().account(), gnupg.revocation(), by_http()));
  CHECK(record.by == "certificate");
  CHECK(record.fingerprint.upper() == gnupg.key);
  CHECK(state_of(house, alice()) == records::AccountState::revoked);
  // As the key is gone by its own word, taking the account's revocation back does not bring it back.
  const auto restored = house.auth().roles().revocation.restore(alice().account(), "", by_hand());
  CHECK(outcome(restored) == "certificate_refused");
  CHECK(restored.error().detail.ends_with("The account needs another key: --public-key FILE"));
}

TEST_CASE("S38 a revocation certificate counts if it is the key's own and sound") {
  const Forger forger;
  const Forger other;
  House house;
  GnupgAlice gnupg;
  must(house.auth().roles().enrolment.add({"alice", gnupg.certificate, false}, by_hand()));
  const auto before = contents_of(house.medium());
  const std::string own = openpgp::gate::enarmor("PGP SIGNATURE", forger.revocation(2));
  CHECK(revoked_by(house, alice(), own) == "signature_by_another_key");
  CHECK(revoked_by(house, alice(), to_string(other.revocation(2))) == "signature_by_another_key");
  CHECK(revoked_by(house, bob(), own) == "account_unknown");
  CHECK(revoked_by(house, alice(), "") == "malformed_message");
  CHECK(revoked_by(house, alice(), "no armor") == "packet_refused");
  CHECK(revoked_by(house, alice(), gnupg.certificate) == "packet_refused");
  CHECK(revoked_by(house, alice(), "This is\n\n:" + gnupg.revocation()) == "armor_invalid");
  CHECK(revoked_by(house, alice(), house.secrets().server_key_armored().reveal_text()) == "secret_key_handed_in");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S38 a revocation certificate broken in any byte revokes nothing") {
  GnupgAlice gnupg;
  House house;
  must(house.auth().roles().enrolment.add({"alice", gnupg.certificate, false}, by_hand()));
  const Bytes sound = must(openpgp::gate::dearmor("PGP PUBLIC KEY BLOCK", gnupg.revocation()));
  const auto before = contents_of(house.medium());
  const Bytes gated = must(openpgp::gate::admit_revocation(to_string(sound))).packets();
  std::size_t judged = 0;
  for (std::size_t at = 0; at < sound.size(); ++at) {
    Bytes broken = sound;
    broken[at] = static_cast<std::uint8_t>(broken[at] ^ 0x01);
    const auto admitted = openpgp::gate::admit_revocation(to_string(broken));
    // What nobody signed is left behind at the gate, and then it is the same revocation.
    if (admitted && admitted->packets() == gated) continue;
    ++judged;
    CAPTURE(at);
    CHECK(revoked_by(house, alice(), to_string(broken)) != "ok");
  }
  CHECK(judged > 100);
  CHECK(contents_of(house.medium()) == before);
  CHECK(revoked_by(house, alice(), to_string(sound)) == "ok");
}

TEST_CASE("a stored certificate that carries its own revocation lets nobody in") {
  GnupgAlice gnupg;
  House house;
  must(house.auth().roles().enrolment.add({"alice", gnupg.certificate, false}, by_hand()));
  CHECK(house.engine().sealed_in(house.issue(alice()).message).recipient.upper() == gnupg.key);
  // As an import or another server may have left it: the account active, the certificate revoked.
  gnupg.home.revoke(gnupg.key);
  const std::string revoked = gnupg.home.export_public(gnupg.key);
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(alice().account()));
  records::Account changed = stored->account;
  storage::Batch batch;
  accounts.stage_part(batch, changed, records::AccountPart::certificate, as_bytes(revoked));
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
  CHECK(house.engine().sealed_in(house.issue(alice()).message).recipient.upper() != gnupg.key);
  CHECK(outcome(house.auth().roles().revocation.by_certificate(alice().account(), gnupg.revocation(), by_http())) ==
        "key_revoked");
}

TEST_CASE("S40 a reason is one of five and a note is short and printable") {
  House house;
  house.add(alice());
  const auto before = contents_of(house.medium());
  const auto revoke = [&](const std::string& reason, const std::string& note) {
    return outcome(house.auth().roles().revocation.by_administrator(alice().account(), reason, note, by_hand()));
  };
  for (const char* reason : {"", "because", "Key_retired", "key_retired ", "key_retired\n", "rotated"}) {
    CHECK(revoke(reason, "") == "malformed_message");
  }
  for (const std::string& note :
       {std::string("a\nb"), std::string("\x1b[31m"), std::string(257, 'a'), std::string("\xff"),
        std::string("a\xe2\x80\xae"
                    "b"),
        std::string("a\0b", 3)}) {
    CHECK(revoke("key_retired", note) == "malformed_message");
  }
  CHECK(contents_of(house.medium()) == before);
  CHECK(revoke("key_retired", std::string(256, 'a')) == "ok");
}

TEST_CASE("S34 the record names account key reason and time and the server signed it") {
  House house;
  house.add(alice());
  const auto record = must(
      house.auth().roles().revocation.by_administrator(alice().account(), "key_superseded", "new card", by_hand()));
  const std::string text = revocation_of(house, alice());
  const auto stored = must(records::parse_revocation(text));
  CHECK(revocation_text(stored) == "version: 1\nuser_id: " + alice().account() +
                                       "\nfingerprint: " + alice().fingerprint().upper() +
                                       "\nreason: key_superseded\nnote: new card\nrevoked_at: 2026-11-21T12:00:00Z\n"
                                       "by: administrator\n");
  const auto certificate = must(openpgp::gate::admit_certificate(house.auth().roles().identity.certificate_armored(),
                                                                 openpgp::gate::kCertificateReadBytesMax));
  const auto signature = must(openpgp::gate::admit_signature(stored.signature));
  const auto judge = [&](const records::RevocationRecord& one) {
    return outcome(openpgp::accept_signature(house.engine(), certificate, revocation_text(one), signature,
                                             openpgp::SignatureForm::detached, {kNoon, kNoon}, kNoon));
  };
  CHECK(judge(stored) == "ok");
  records::RevocationRecord changed = stored;
  changed.note = "old card";
  CHECK(judge(changed) == "signature_invalid");
  // Sealed by the account record: no other text passes under its name.
  must(put(house.medium(), part_name(alice().account(), records::AccountPart::revocation), text + " "));
  CHECK(outcome(house.auth().roles().login.redeem(
            house.answer_to(alice(), house.challenge_for(alice(), records::Purpose::login, records::Transport::http)),
            by_http())) == "record_tampered");
}

TEST_CASE("a revocation is in force before it is signed and is signed later") {
  House house;
  house.add(alice());
  house.engine().break_down(true);
  const auto record =
      must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  CHECK(record.signature.empty());
  CHECK(state_of(house, alice()) == records::AccountState::revoked);
  const auto epoch = epoch_of(house, alice());
  house.engine().break_down(false);
  must(house.auth().maintain());
  const auto completed = must(records::parse_revocation(revocation_of(house, alice())));
  CHECK_FALSE(completed.signature.empty());
  CHECK(revocation_text(completed) == revocation_text(record));
  CHECK(epoch_of(house, alice()) == epoch);
}

TEST_CASE("S33 a revocation record that nobody sealed denies and so does one that cannot be read") {
  House house;
  house.add(alice(), "correct horse");
  const auto session = house.log_in(alice());
  const std::string name = part_name(alice().account(), records::AccountPart::revocation);
  const auto deny = [&](std::string_view text, const std::string& why) {
    must(put(house.medium(), name, text));
    CAPTURE(text);
    CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == why);
    const proving::Response response =
        house.answer_to(alice(), house.challenge_for(alice(), records::Purpose::login, records::Transport::http));
    CHECK(outcome(house.auth().roles().login.redeem(response, by_http())) == why);
    CHECK(house.engine().sealed_in(house.issue(alice()).message).recipient != alice().fingerprint());
    CHECK(outcome(house.auth().roles().passwords.log_in(records::AccountName{alice().name(), ""},
                                                        password_of("correct horse"), by_http())) == why);
    must(erase(house.medium(), name));
  };
  for (const char* text : {"", "{", "{}", "null", "REVOCATION_PLACEHOLDER2", "revoked", "{\"version\":1}"}) {
    deny(text, "record_tampered");
    CHECK(public_face_of(ErrorCode::record_tampered) == Face::denied);
  }
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
}

TEST_CASE("S33 the predecessor's placeholder is no revocation") {
  House house;
  house.add(alice());
  for (const char* text : {"REVOCATION_PLACEHOLDER", "REVOCATION_PLACEHOLDER\n"}) {
    must(put(house.medium(), part_name(alice().account(), records::AccountPart::revocation), text));
    CHECK_NOTHROW(house.log_in(alice()));
  }
}

TEST_CASE("S33 losing the revocation record revokes no less") {
  House house;
  house.add(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const proving::Response response = house.answer_to(alice(), [&] {
    records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
    challenge.epoch = epoch_of(house, alice());
    return challenge;
  }());
  CHECK(outcome(house.auth().roles().login.redeem(response, by_http())) == "account_not_active");
  must(erase(house.medium(), part_name(alice().account(), records::AccountPart::revocation)));
  CHECK(outcome(house.auth().roles().login.redeem(response, by_http())) == "record_tampered");
  must(put(house.medium(), part_name(alice().account(), records::AccountPart::revocation),
           records::kRevocationPlaceholder));
  CHECK(outcome(house.auth().roles().login.redeem(response, by_http())) == "record_tampered");
}

TEST_CASE("S41 a revocation ends every open challenge") {
  House house;
  house.add(alice());
  const proving::Response courier = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  const proving::Response again = revoke_response(house, alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  CHECK(outcome(house.auth().roles().login.redeem(courier, by_courier())) == "account_not_active");
  CHECK(outcome(house.auth().roles().revocation.by_statement(again, by_http())) == "account_not_active");
  must(house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  CHECK(outcome(house.auth().roles().login.redeem(courier, by_courier())) == "epoch_passed");
  CHECK(outcome(house.auth().roles().revocation.by_statement(again, by_http())) == "epoch_passed");
  CHECK_NOTHROW(house.log_in(alice()));
}

TEST_CASE("S28 a revoked account's challenge looks as it did before") {
  House house;
  house.add(alice());
  must(house.auth().maintain());
  const std::string before = house.issue(alice()).message;
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  const std::string after = house.issue(alice()).message;
  const std::string later = house.issue(alice()).message;
  // A session key has leading zeros now and then.
  CHECK(std::abs(static_cast<long>(before.size()) - static_cast<long>(after.size())) <= 8);
  CHECK(house.engine().sealed_in(after).recipient == house.engine().sealed_in(later).recipient);
  CHECK(house.engine().sealed_in(after).recipient != alice().fingerprint());
}

TEST_CASE("a revoke response is taken once and a stick that comes twice is told the same") {
  House house;
  house.add(alice());
  const proving::Response response = revoke_response(house, alice(), "key_retired", records::Transport::courier);
  const auto first = must(house.auth().roles().revocation.by_statement(response, by_courier()));
  const auto contents = contents_of(house.medium());
  const auto second = must(house.auth().roles().revocation.by_statement(response, by_courier()));
  CHECK(write_json(write_revocation(first)) == write_json(write_revocation(second)));
  CHECK(contents_of(house.medium()) == contents);
  // Only to who holds the key.
  proving::Response forged = response;
  forged.signature = bob().sign("x", house.clock.now());
  CHECK(outcome(house.auth().roles().revocation.by_statement(forged, by_courier())) == "signature_by_another_key");
}

TEST_CASE("a revoke response by another key changes nothing") {
  House house;
  house.add(alice());
  proving::Response response = revoke_response(house, alice());
  const auto before = contents_of(house.medium());
  response.signature = bob().sign(response.challenge, house.clock.now());
  CHECK(outcome(house.auth().roles().revocation.by_statement(response, by_http())) == "signature_by_another_key");
  const proving::Response login = house.answer(alice(), house.issue(alice()));
  CHECK(outcome(house.auth().roles().revocation.by_statement(login, by_http())) == "challenge_of_another_purpose");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("S37 taking a revocation back is an administrator's act with a record of its own") {
  House house;
  house.add(alice());
  CHECK(outcome(house.auth().roles().revocation.restore(alice().account(), "", by_hand())) == "account_not_revoked");
  CHECK(outcome(house.auth().roles().revocation.restore(bob().account(), "", by_hand())) == "not_found");
  const auto session = house.log_in(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  const auto revoked = epoch_of(house, alice());
  const records::Account restored = must(house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  CHECK(restored.state == records::AccountState::active);
  CHECK(restored.epoch == revoked + 1);
  CHECK(revocation_of(house, alice()) == "<absent>");
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "epoch_passed");
  const auto audit = must(house.auth().roles().audit.list("", 0, 2));
  REQUIRE(audit.size() == 2);
  CHECK(audit[0].decision == "account_revoked");
  CHECK(audit[0].entry.detail == "unspecified by administrator");
  CHECK(audit[1].decision == "account_restored");
}

TEST_CASE("every withdrawal has the next number and the floor remembers the highest") {
  House house;
  house.add(alice());
  house.add(bob());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  must(house.auth().roles().revocation.by_administrator(bob().account(), "unspecified", "", by_hand()));
  must(house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  CHECK(names_in(house.medium(), "revocations/", 9) == std::vector<std::string>{records::withdrawal_name(1),
                                                                                records::withdrawal_name(2),
                                                                                records::withdrawal_name(3)});
  must(house.auth().close());
  must(house.restart());
  must(erase(house.medium(), records::withdrawal_name(3)));
  CHECK(outcome(house.restart()) == "medium_restored");
}
