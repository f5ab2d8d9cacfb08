#include "auth/keys/revocation_export.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house_keys.hpp"
#include "tests/support/store_check.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string applied(House& house, const std::string& text) {
  return outcome(house.auth().roles().exporting.apply(text, by_hand()));
}

// A store and a copy of it from before; what happened since is in the export.
struct OldCopy {
  OldCopy() {
    house.add(alice());
    house.add(bob());
    house.add(carol());
    copy_all(house.medium(), old);
  }
  // The copy takes the place of the store, and with it the server forgets what it remembered, as where both were put
  // back.
  void put_back() {
    text = must(house.auth().roles().exporting.make());
    must(house.restart(&old));
  }
  House house;
  storage::MemoryMedium old;
  std::string text;
};

}  // namespace

TEST_CASE("an export is a signed and numbered list") {
  House house;
  house.add(alice());
  CHECK(must(keys::parse_export(must(house.auth().roles().exporting.make()))).lines.empty());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(house.auth().roles().revocation.restore(alice().account(), next_key().certificate(), by_hand()));
  must(house.auth().roles().rotation.by_administrator(alice().account(), bob().certificate(), by_hand()));
  must(house.auth().roles().deletion.by_administrator(alice().account(), by_hand()));
  const auto list = must(keys::parse_export(must(house.auth().roles().exporting.make())));
  REQUIRE(list.lines.size() == 4);
  CHECK(list.lines[0].what == records::Withdrawn::revoked);
  CHECK(list.lines[0].fingerprint == alice().fingerprint());
  CHECK(list.lines[0].reason == "key_compromised");
  CHECK(list.lines[1].what == records::Withdrawn::restored);
  CHECK(list.lines[1].fingerprint == next_key().fingerprint());
  CHECK(list.lines[2].what == records::Withdrawn::rotated);
  CHECK(list.lines[2].fingerprint == next_key().fingerprint());
  CHECK(list.lines[3].what == records::Withdrawn::deleted);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(list.lines[i].number == static_cast<std::int64_t>(i) + 1);
    CHECK(list.lines[i].epoch == i + 1);
  }
}

TEST_CASE("applied where everything is known an export changes nothing") {
  House house;
  house.add(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const std::string text = must(house.auth().roles().exporting.make());
  const auto before = contents_of(house.medium());
  const auto result = must(house.auth().roles().exporting.apply(text, by_hand()));
  CHECK(result.number == 1);
  CHECK(result.lines == 0);
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("an old copy of the store learns every withdrawal since from the export") {
  OldCopy place;
  Authenticator& auth = place.house.auth();
  must(auth.roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(auth.roles().rotation.by_administrator(bob().account(), next_key().certificate(), by_hand()));
  must(auth.roles().deletion.by_administrator(carol().account(), by_hand()));
  const Person dave("dave", openpgp::KeyKind::ed25519_cv25519);
  place.house.add(dave);
  must(auth.roles().revocation.by_administrator(dave.account(), "key_retired", "", by_hand()));
  place.put_back();
  CHECK_NOTHROW(place.house.log_in(alice()));
  const auto result = must(place.house.auth().roles().exporting.apply(place.text, by_hand()));
  CHECK(result.number == 4);
  CHECK(result.lines == 4);
  CHECK(result.accounts == 4);
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(must(records::parse_revocation(revocation_of(place.house, alice()))).by == "export");
  // Bob's next key was never here, and his former one has no right any more.
  CHECK(state_of(place.house, bob()) == records::AccountState::revoked);
  CHECK(must(records::parse_revocation(revocation_of(place.house, bob()))).reason == "key_superseded");
  CHECK(state_of(place.house, carol()) == records::AccountState::deleted);
  // Dave is not known, and his key is taken all the same.
  CHECK(state_of(place.house, dave) == records::AccountState::deleted);
  CHECK(outcome(place.house.auth().roles().enrolment.add({"dave", dave.certificate(), false}, by_hand())) ==
        "key_taken");
  CHECK(faults_of_store(place.house.medium(), place.house) == std::vector<std::string>());
  const auto contents = contents_of(place.house.medium());
  CHECK(must(place.house.auth().roles().exporting.apply(place.text, by_hand())).lines == 0);
  CHECK(contents_of(place.house.medium()) == contents);
  CHECK(must(keys::parse_export(must(place.house.auth().roles().exporting.make()))).lines.size() == 4);
}

TEST_CASE("what was revoked and taken back since is active in the old copy too") {
  OldCopy place;
  Authenticator& auth = place.house.auth();
  must(auth.roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  must(auth.roles().revocation.restore(alice().account(), "", by_hand()));
  must(auth.roles().revocation.by_administrator(bob().account(), "key_compromised", "", by_hand()));
  must(auth.roles().revocation.restore(bob().account(), next_key().certificate(), by_hand()));
  const auto epoch = epoch_of(place.house, alice());
  place.put_back();
  must(place.house.auth().roles().exporting.apply(place.text, by_hand()));
  CHECK(state_of(place.house, alice()) == records::AccountState::active);
  CHECK(epoch_of(place.house, alice()) == epoch);
  CHECK_NOTHROW(place.house.log_in(alice()));
  // Bob's new key is not here; the one that is was compromised.
  CHECK(state_of(place.house, bob()) == records::AccountState::revoked);
  CHECK(faults_of_store(place.house.medium(), place.house) == std::vector<std::string>());
}

TEST_CASE("a line of the export takes effect whatever else has raised the account's epoch meanwhile") {
  OldCopy place;
  must(place.house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(place.house.auth().roles().deletion.by_administrator(carol().account(), by_hand()));
  place.put_back();
  Authenticator& auth = place.house.auth();
  for (int i = 0; i < 3; ++i) {
    must(auth.roles().sessions.end_all(alice().account(), by_hand()));
    must(auth.roles().sessions.end_all(carol().account(), by_hand()));
  }
  const auto session = place.house.log_in(alice());
  CHECK(must(auth.roles().exporting.apply(place.text, by_hand())).accounts == 2);
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(epoch_of(place.house, alice()) == 4);
  CHECK(outcome(auth.roles().sessions.admit(session.token, by_http())) == "account_not_active");
  CHECK(state_of(place.house, carol()) == records::AccountState::deleted);
  CHECK(must(auth.roles().exporting.apply(place.text, by_hand())).lines == 0);
}

TEST_CASE("whoever changed the withdrawn key for another in the old copy loses that one too") {
  OldCopy place;
  must(place.house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  place.put_back();
  Authenticator& auth = place.house.auth();
  must(auth.roles().rotation.by_administrator(alice().account(), next_key().certificate(), by_hand()));
  CHECK(must(auth.roles().exporting.apply(place.text, by_hand())).accounts == 1);
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
}

TEST_CASE("a key that the export names is taken, and who enrolled with it meanwhile is reported") {
  const Person dave("dave", openpgp::KeyKind::ed25519_cv25519);
  OldCopy place;
  must(place.house.auth().roles().rotation.by_administrator(alice().account(), next_key().certificate(), by_hand()));
  must(place.house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(place.house.auth().roles().rotation.by_administrator(bob().account(), dave.certificate(), by_hand()));
  must(place.house.auth().roles().revocation.by_administrator(bob().account(), "key_compromised", "", by_hand()));
  place.put_back();
  Authenticator& auth = place.house.auth();
  must(auth.roles().enrolment.add({"dave", dave.certificate(), false}, by_hand()));
  const auto result = must(auth.roles().exporting.apply(place.text, by_hand()));
  REQUIRE(result.keys_held_elsewhere.size() == 1);
  CHECK(result.keys_held_elsewhere[0].fingerprint == dave.fingerprint());
  CHECK(result.keys_held_elsewhere[0].account == dave.account());
  CHECK(outcome(auth.roles().enrolment.add({"mallory", next_key().certificate(), false}, by_hand())) == "key_taken");
  CHECK(outcome(auth.roles().revocation.restore(alice().account(), next_key().certificate(), by_hand())) ==
        "key_taken");
  CHECK(faults_of_store(place.house.medium(), place.house) == std::vector<std::string>());
}

TEST_CASE("what was taken in the old copy since is not given back by an older line") {
  OldCopy place;
  must(place.house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  must(place.house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  place.put_back();
  place.house.clock.pass(Seconds(60));
  must(place.house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  CHECK(must(place.house.auth().roles().exporting.apply(place.text, by_hand())).lines == 2);
  CHECK(state_of(place.house, alice()) == records::AccountState::revoked);
  CHECK(must(records::parse_revocation(revocation_of(place.house, alice()))).reason == "key_compromised");
}

TEST_CASE("an export by another server or changed in any line is refused") {
  House house;
  house.add(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  const std::string text = must(house.auth().roles().exporting.make());
  House other;
  CHECK(applied(other, text) == "file_refused");
  const auto before = contents_of(house.medium());
  const std::string head = text.substr(0, text.find("-----BEGIN"));
  for (std::size_t at = 0; at < head.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(at);
    CHECK(applied(house, changed) != "ok");
  }
  CHECK(applied(house, "") == "malformed_message");
  CHECK(applied(house, head) == "malformed_message");
  CHECK(applied(house, "countersign-revocations-v2\n" + text.substr(text.find('\n') + 1)) == "unknown_version");
  CHECK(contents_of(house.medium()) == before);
}

TEST_CASE("an export of the same store under another server name is refused, and one with a hole is not made") {
  House house;
  house.add(alice());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
  must(house.auth().roles().revocation.restore(alice().account(), "", by_hand()));
  const std::string text = must(house.auth().roles().exporting.make());
  keys::RevocationExport renamed = must(keys::parse_export(text));
  renamed.server = "https://other.example.org";
  const std::string other = write_export(renamed);
  CHECK(applied(house, other + must(house.engine().sign(other, renamed.made_at))) == "file_refused");
  must(erase(house.medium(), records::withdrawal_name(1)));
  CHECK(outcome(house.auth().roles().exporting.make()) == "chain_broken");
}

TEST_CASE("an export that ends before what this server remembers and the store lacks is refused") {
  House house;
  house.add(alice());
  house.add(bob());
  must(house.auth().roles().revocation.by_administrator(alice().account(), "unspecified", "", by_hand()));
  const std::string text = must(house.auth().roles().exporting.make());
  must(house.auth().roles().revocation.by_administrator(bob().account(), "unspecified", "", by_hand()));
  // Where nothing is lacking it has nothing to say.
  CHECK(must(house.auth().roles().exporting.apply(text, by_hand())).lines == 0);
  must(erase(house.medium(), records::withdrawal_name(2)));
  CHECK(applied(house, text) == "file_refused");
}

TEST_CASE("a planted name behind all revocations is refused and not searched behind for ever") {
  for (const char* const planted :
       {"z", "9", "00000000000000000001x", "99999999999999999999", "09223372036854775807"}) {
    CAPTURE(planted);
    House house;
    house.add(alice());
    must(house.auth().roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand()));
    must(put(house.medium(), "revocations/" + std::string(planted), "{}"));
    CHECK(outcome(house.auth().roles().exporting.make()) == "record_unreadable");
    CHECK(outcome(house.auth().roles().deletion.by_administrator(alice().account(), by_hand())) == "record_unreadable");
  }
}
