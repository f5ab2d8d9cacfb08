// Managed accounts through their life: made, escrowed, rotated by password, revoked, deleted.
#include <catch2/catch.hpp>

#include "auth/base/account_id.hpp"
#include "auth/keys/escrow.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/managed.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::string_view kRight = "correct horse";

HouseSettings open_house() {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  settings.policies.rate_limit = false;
  return settings;
}

std::string login(House& house, const records::AccountName& name, std::string_view password) {
  return outcome(house.auth().roles().passwords.log_in(name, password_of(password), by_http()));
}

std::string key_by_password(House& house, const records::AccountName& name, std::string_view password) {
  return outcome(house.auth().roles().escrow.by_password(id_of(name), password_of(password), by_http()));
}

Result<keys::ManagedAccount> rotate(House& house, const records::AccountName& name, std::string_view password,
                                    std::string_view next) {
  return house.auth().roles().rotation.by_password(id_of(name), password_of(password), password_of(next), by_http());
}

// Changes mina's record as no operation would.
template <class Change>
void change_mina(House& house, const Change& change) {
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(mina()));
  records::Account changed = stored->account;
  storage::Batch batch;
  change(accounts, batch, changed);
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
}

}  // namespace

TEST_CASE("S16 a managed account's key is handed over once, protected by the password, and nothing of it is kept") {
  House house(open_house(), nullptr);
  const keys::ManagedAccount made = add_mina(house, kRight, false, by_http());
  CHECK(made.account.managed);
  CHECK(made.account.username == kManagedName);
  CHECK(newest_audit(house) == "account_registered: managed");
  const Bytes packets = must(openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", made.secret_key.reveal_text()));
  CHECK(outcome(openpgp::gate::check_protected(packets)) == "ok");
  CHECK(must(openpgp::gate::fingerprint_of_secret_key(packets)) == made.account.fingerprint);
  for (const auto& [name, text] : contents_of(house.medium())) {
    INFO(name);
    CHECK(text.find("PRIVATE KEY") == std::string::npos);
    CHECK(text.find(kRight) == std::string::npos);
  }
  CHECK(escrow_of(house, mina()) == "<absent>");
  CHECK(key_by_password(house, mina_by_name(), kRight) == "escrow_absent");
  CHECK(login(house, mina_by_name(), kRight) == "ok");
  CHECK(login_by_key(house, made, std::string(kRight)) == "ok");
  CHECK(login_by_key(house, made, "wrong") == "gpg does not open it");
}

TEST_CASE("S50 a key is escrowed only where that was asked for, and given back as it was protected") {
  House house(open_house(), nullptr);
  const keys::ManagedAccount made = add_mina(house, kRight, true);
  CHECK(newest_audit(house) == "account_added: managed, key escrowed");
  CHECK(escrow_of(house, mina()) == made.secret_key.reveal_text());
  const Secret given =
      must(house.auth().roles().escrow.by_password(id_of(mina_by_name()), password_of(kRight), by_http()));
  CHECK(given.reveal_text() == made.secret_key.reveal_text());
  CHECK(newest_audit(house) == "key_handed_out: by password");
  CHECK(must(house.auth().roles().escrow.by_administrator(mina(), by_hand())).reveal_text() ==
        made.secret_key.reveal_text());
  CHECK(newest_audit(house) == "key_handed_out: by administrator");
  CHECK(key_by_password(house, mina_by_name(), "wrong") == "password_wrong");
  // Whoever can write the medium swaps no key.
  put(house, part_name(mina(), records::AccountPart::escrowed_key), "another key");
  CHECK(key_by_password(house, mina_by_name(), kRight) == "record_tampered");
  CHECK(outcome(house.auth().roles().escrow.by_administrator(mina(), by_hand())) == "record_tampered");
}

TEST_CASE("S28 whoever has no escrowed key is denied as everybody else, for the same work") {
  House house(open_house(), nullptr);
  add_mina(house, kRight);
  house.add(alice(), kRight);
  house.add(bob());
  house.add(carol(), kRight);
  must(house.auth().roles().revocation.by_administrator(carol().account(), "unspecified", "", by_hand()));
  const auto costs_one = [&](const records::AccountName& name, const std::string& wanted) {
    const auto before = house.auth().roles().hasher.counts().begun;
    const auto given = house.auth().roles().escrow.by_password(id_of(name), password_of(kRight), by_http());
    CHECK(outcome(given) == wanted);
    CHECK(face_of_outcome(given) == Face::denied);
    CHECK(house.auth().roles().hasher.counts().begun - before == 1);
  };
  costs_one(mina_by_name(), "escrow_absent");
  costs_one({"alice", ""}, "escrow_absent");
  costs_one({"bob", ""}, "password_unset");
  costs_one({"carol", ""}, "account_not_active");
  costs_one({"nobody", ""}, "account_unknown");
  CHECK(outcome(house.auth().roles().escrow.by_administrator(alice().account(), by_hand())) == "not_found");
  CHECK(outcome(house.auth().roles().escrow.by_administrator(std::string(64, 'a'), by_hand())) == "not_found");
}

TEST_CASE("a stranger gets a managed account only where registration is open, and nobody one for a taken name") {
  House closed;
  CHECK(outcome(closed.auth().roles().enrolment.add_managed({"mina", password_of(kRight)}, by_http())) ==
        "registration_closed");
  CHECK(closed.auth().roles().hasher.counts().begun == 0);
  House house(open_house(), nullptr);
  house.add(alice());
  const auto refused = [&](const std::string& name, const std::string& password) {
    const auto before = contents_of(house.medium());
    const auto made = house.auth().roles().enrolment.add_managed({name, password_of(password)}, by_http());
    CHECK(house.auth().roles().hasher.counts().begun == 0);
    CHECK(contents_of(house.medium()) == before);
    return outcome(made);
  };
  CHECK(refused("alice", "x") == "account_exists");
  CHECK(refused("server", "x") == "account_reserved");
  CHECK(refused("Mina", "x") == "malformed_username");
  CHECK(refused("", "x") == "malformed_username");
  CHECK(refused("mina", std::string(256, 'p')) == "malformed_message");
}

TEST_CASE("S32 registering costs a stranger's limit on passwords before anything is made") {
  HouseSettings settings = open_house();
  settings.policies.rate_limit = true;
  House house(settings, nullptr);
  house.add(alice());
  const Json claim = Json::object().set("username", "alice").set("password", kRight);
  const auto said = [&](std::string_view operation, const Json& fields) {
    return outcome(run_from(house, by_http().source, operation, fields));
  };
  std::string last;
  for (int i = 0; i < 1000 && last != "slow_down"; ++i) last = said("account.enrol", Json(claim).set("managed", true));
  CHECK(last == "slow_down");
  CHECK(said("key.hand_out", claim) == "slow_down");
  CHECK(said("key.rotate", Json(claim).set("new_password", "next")) == "slow_down");
  CHECK(said("key.revoke", Json(claim).set("reason", "unspecified")) == "slow_down");
}

TEST_CASE("S12 a rotation by password gives a managed account a new key under a new password") {
  House house(open_house(), nullptr);
  const keys::ManagedAccount first = add_mina(house, kRight);
  const auto session = must(house.auth().roles().passwords.log_in(mina_by_name(), password_of(kRight), by_http()));
  house.clock.pass(std::chrono::hours(1));
  const keys::ManagedAccount second = must(rotate(house, mina_by_name(), kRight, "new staple"));
  CHECK(newest_audit(house) == "key_rotated: from " + first.account.fingerprint.upper() + " by password");
  CHECK(second.account.managed);
  CHECK(second.account.fingerprint != first.account.fingerprint);
  CHECK(second.account.epoch == first.account.epoch + 1);
  REQUIRE(second.account.former_keys.size() == 1);
  CHECK(second.account.former_keys[0].fingerprint == first.account.fingerprint);
  CHECK(second.account.former_keys[0].until == house.clock.now());
  CHECK(second.account.parts.contains(records::AccountPart::metadata));
  CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "epoch_passed");
  CHECK(login(house, mina_by_name(), kRight) == "password_wrong");
  CHECK(login(house, mina_by_name(), "new staple") == "ok");
  CHECK(login_by_key(house, second, "new staple") == "ok");
  CHECK(escrow_of(house, mina()) == "<absent>");
}

TEST_CASE("S16 a rotation by password escrows the new key exactly if the former one was") {
  House house(open_house(), nullptr);
  add_mina(house, kRight, true);
  const keys::ManagedAccount second = must(rotate(house, mina_by_name(), kRight, "new staple"));
  CHECK(escrow_of(house, mina()) == second.secret_key.reveal_text());
  const Secret given =
      must(house.auth().roles().escrow.by_password(id_of(mina_by_name()), password_of("new staple"), by_http()));
  CHECK(given.reveal_text() == second.secret_key.reveal_text());
}

TEST_CASE("S12 no password rotates the key of an account that is not managed, revoked or deleted") {
  House house(open_house(), nullptr);
  house.add(alice(), kRight);
  house.add(bob());
  CHECK(outcome(rotate(house, {"alice", ""}, kRight, "next")) == "account_not_managed");
  CHECK(outcome(rotate(house, {"alice", ""}, "wrong", "next")) == "password_wrong");
  CHECK(outcome(rotate(house, {"bob", ""}, kRight, "next")) == "password_unset");
  CHECK(outcome(rotate(house, {"nobody", ""}, kRight, "next")) == "account_unknown");
  CHECK(face_of(ErrorCode::account_not_managed) == Face::denied);
  CHECK(outcome(passwords::Password::admit(Secret())) == "malformed_message");
  add_mina(house, kRight);
  CHECK(outcome(rotate(house, mina_by_name(), kRight, std::string(256, 'p'))) == "malformed_message");
  CHECK(outcome(rotate(house, mina_by_name(), "wrong", "next")) == "password_wrong");
  // Nor once its owner has brought a key of their own.
  must(house.auth().roles().rotation.by_administrator(mina(), next_key().certificate(), by_hand()));
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "account_not_managed");
  must(house.auth().roles().rotation.managed_by_administrator(mina(), password_of(kRight), false, by_hand()));
  must(house.auth().roles().revocation.by_administrator(mina(), "unspecified", "", by_hand()));
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "account_not_active");
  CHECK(outcome(house.auth().roles().rotation.managed_by_administrator(mina(), password_of(kRight), false,
                                                                       by_hand())) == "account_not_active");
  must(house.auth().roles().deletion.by_administrator(mina(), by_hand()));
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "account_not_active");
  CHECK(outcome(house.auth().roles().rotation.managed_by_administrator(std::string(64, 'a'), password_of(kRight), false,
                                                                       by_hand())) == "not_found");
}

TEST_CASE("S14 a rotation by password of an imported account ends the legacy hash") {
  House house(open_house(), nullptr);
  add_mina(house, kRight, true);
  change_mina(house, [](records::Accounts& accounts, storage::Batch& batch, records::Account& account) {
    accounts.stage_no_part(batch, account, records::AccountPart::password);
    accounts.stage_part(batch, account, records::AccountPart::legacy_password, as_bytes(lthn(kRight)));
    account.username.clear();
  });
  CHECK(outcome(rotate(house, mina_by_name(), "wrong", "next")) == "password_wrong");
  // To be given the key back is a proof of the password as a login is, and migrates it.
  CHECK(key_by_password(house, mina_by_name(), kRight) == "ok");
  CHECK(newest_audit(house) == "key_handed_out: by password, hash migrated");
  CHECK(password_scheme_of(account_of(house, mina())) == records::PasswordScheme::argon2id);
  change_mina(house, [](records::Accounts& accounts, storage::Batch& batch, records::Account& account) {
    accounts.stage_no_part(batch, account, records::AccountPart::password);
    accounts.stage_part(batch, account, records::AccountPart::legacy_password, as_bytes(lthn(kRight)));
  });
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "ok");
  CHECK(password_scheme_of(account_of(house, mina())) == records::PasswordScheme::argon2id);
  CHECK(text_of(house.medium(), part_name(mina(), records::AccountPart::legacy_password)) == "<absent>");
  CHECK(login(house, mina_by_name(), "next") == "ok");
}

TEST_CASE("S15 a rotation by password that races a change of password does not bring the old one back") {
  House house(open_house(), nullptr);
  add_mina(house, kRight);
  bool changed = false;
  // The administrator's change lands after the proof, while the new password is hashed.
  house.settings.hasher.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) {
    if (!changed && request.password.reveal_text() == "next") {
      changed = true;
      const auto second = must(house.another(house.medium(), "second"));
      must(second->roles().passwords.set(id_of(mina_by_name()), password_of("set by hand"), by_hand()));
    }
    return compute_argon2id(request, arena);
  };
  must(house.restart());
  const auto before = account_of(house, mina()).fingerprint;
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "password_wrong");
  CHECK(changed);
  CHECK(account_of(house, mina()).fingerprint == before);
  CHECK(login(house, mina_by_name(), "set by hand") == "ok");
}

TEST_CASE("S38 a password revokes its account's key, whoever's the key is") {
  House house(open_house(), nullptr);
  add_mina(house, kRight, true);
  house.add(alice(), kRight);
  house.add(bob());
  for (const records::AccountName& name : {mina_by_name(), records::AccountName{"alice", ""}}) {
    const auto session = must(house.auth().roles().passwords.log_in(name, password_of(kRight), by_http()));
    const auto revoke = [&](std::string_view password, const std::string& reason, const std::string& note) {
      return house.auth().roles().revocation.by_password(id_of(name), password_of(password), reason, note, by_http());
    };
    CHECK(outcome(revoke("wrong", "key_compromised", "")) == "password_wrong");
    CHECK(outcome(revoke(kRight, "stolen", "")) == "malformed_message");
    CHECK(outcome(revoke(kRight, "unspecified", std::string(257, 'n'))) == "malformed_message");
    CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "ok");
    const records::RevocationRecord record = must(revoke(kRight, "key_compromised", "laptop stolen"));
    CHECK(record.by == "password");
    CHECK(record.note == "laptop stolen");
    CHECK_FALSE(record.signature.empty());
    CHECK(outcome(house.auth().roles().sessions.admit(session.token, by_http())) == "account_not_active");
    CHECK(login(house, name, kRight) == "account_not_active");
    CHECK(outcome(revoke(kRight, "key_compromised", "")) == "account_not_active");
    CHECK(must(records::parse_revocation(
                   text_of(house.medium(), part_name(record.account, records::AccountPart::revocation))))
              .by == "password");
  }
  CHECK(outcome(house.auth().roles().revocation.by_password(id_of(records::AccountName{"bob", ""}), password_of(kRight),
                                                            "unspecified", "", by_http())) == "password_unset");
}

TEST_CASE("S50 an escrowed key ends with the key that it is of") {
  House house(open_house(), nullptr);
  const auto escrowed = [&] { return escrow_of(house, mina()) != "<absent>"; };
  add_mina(house, kRight, true);
  REQUIRE(escrowed());
  must(house.auth().roles().revocation.by_administrator(mina(), "unspecified", "", by_hand()));
  CHECK_FALSE(escrowed());
  // Taken back, the account is managed still: its password makes a new key.
  must(house.auth().roles().revocation.restore(mina(), "", by_hand()));
  CHECK(outcome(rotate(house, mina_by_name(), kRight, "next")) == "ok");
  CHECK_FALSE(escrowed());
  must(house.auth().roles().rotation.managed_by_administrator(mina(), password_of(kRight), true, by_hand()));
  REQUIRE(escrowed());
  must(house.auth().roles().rotation.by_administrator(mina(), next_key().certificate(), by_hand()));
  CHECK_FALSE(escrowed());
  must(house.auth().roles().rotation.managed_by_administrator(mina(), password_of(kRight), true, by_hand()));
  REQUIRE(escrowed());
  must(house.auth().roles().deletion.by_administrator(mina(), by_hand()));
  CHECK_FALSE(escrowed());
  CHECK_FALSE(account_of(house, mina()).managed);
}

TEST_CASE("S50 an escrowed key ends by a list of revocations that is applied to an older store") {
  House house(open_house(), nullptr);
  add_mina(house, kRight, true);
  storage::MemoryMedium old;
  copy_all(house.medium(), old);
  must(house.auth().roles().revocation.by_administrator(mina(), "key_compromised", "", by_hand()));
  const std::string list = must(house.auth().roles().exporting.make());
  must(house.restart(&old));
  REQUIRE(escrow_of(house, mina()) != "<absent>");
  must(house.auth().roles().exporting.apply(list, by_hand()));
  CHECK(escrow_of(house, mina()) == "<absent>");
}

TEST_CASE("an administrator makes a new key for one who forgot the password, and for one who brought their own") {
  House house(open_house(), nullptr);
  add_mina(house, kRight);
  const keys::ManagedAccount again =
      must(house.auth().roles().rotation.managed_by_administrator(mina(), password_of("told"), false, by_hand()));
  CHECK(login(house, mina_by_name(), kRight) == "password_wrong");
  CHECK(login(house, mina_by_name(), "told") == "ok");
  CHECK(login_by_key(house, again, "told") == "ok");
  house.add(alice());
  const keys::ManagedAccount alices = must(
      house.auth().roles().rotation.managed_by_administrator(alice().account(), password_of("told"), true, by_hand()));
  CHECK(alices.account.managed);
  CHECK(escrow_of(house, alice().account()) == alices.secret_key.reveal_text());
  CHECK(outcome(rotate(house, {"alice", ""}, "told", "next")) == "ok");
}
