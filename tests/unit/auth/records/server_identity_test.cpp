#include "auth/records/server_identity.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr const char* kLabel = "PGP PRIVATE KEY BLOCK";

std::string loaded(House& house, const std::string& name, const Fingerprint& fingerprint) {
  return outcome(records::ServerIdentity::load(house.medium(), house.seal(), name, fingerprint));
}

}  // namespace

TEST_CASE("S76 a store of another server's name or key stops the start") {
  House house;
  const auto fingerprint = house.auth().roles().identity.fingerprint();
  CHECK(loaded(house, house.settings.server, fingerprint) == "ok");
  CHECK(loaded(house, "https://other.example.org", fingerprint) == "startup_refused");
  CHECK(loaded(house, house.settings.server + "/", fingerprint) == "startup_refused");
  CHECK(loaded(house, "", fingerprint) == "startup_refused");
  CHECK(loaded(house, house.settings.server, alice().fingerprint()) == "startup_refused");
  CHECK(loaded(house, house.settings.server, Fingerprint()) == "startup_refused");
}

TEST_CASE("S76 a store without an identity or with one that does not hold stops the start") {
  House house;
  const auto fingerprint = house.auth().roles().identity.fingerprint();
  const std::string text = text_of(house.medium(), "server/identity");
  for (std::size_t at = 0; at < text.size(); at += 7) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    must(put(house.medium(), "server/identity", flipped));
    CAPTURE(at);
    const auto result = records::ServerIdentity::load(house.medium(), house.seal(), house.settings.server, fingerprint);
    CHECK_FALSE(result.has_value());
  }
  must(erase(house.medium(), "server/identity"));
  CHECK(loaded(house, house.settings.server, fingerprint) == "startup_refused");
}

TEST_CASE("S76 an engine with another key or with none fails the self-test") {
  House house;
  const auto& identity = house.auth().roles().identity;
  CHECK(identity.self_test(house.engine(), kNoon));
  const auto generator = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  CHECK(outcome(identity.self_test(*generator, kNoon)) == "startup_refused");
  const auto other = must(generator->generate({openpgp::KeyKind::ed25519_cv25519, "other", kNoon}));
  const auto engine = must(openpgp::rnp::RnpOpenPgp::open(other.secret_key));
  CHECK(outcome(identity.self_test(*engine, kNoon)) == "startup_refused");
  house.engine().break_down(true);
  CHECK(outcome(house.restart()) == "startup_refused");
}

TEST_CASE("S76 a server key with a flipped byte stops the start or is still the same key") {
  House house;
  const auto& identity = house.auth().roles().identity;
  const Bytes key = must(openpgp::gate::dearmor(kLabel, house.secrets().server_key_armored().reveal_text()));
  int refused = 0;
  for (std::size_t at = 0; at < key.size(); ++at) {
    Bytes flipped = key;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ 0x10);
    const auto engine = openpgp::rnp::RnpOpenPgp::open(Secret(flipped));
    const Status tested = engine ? identity.self_test(**engine, kNoon) : Status(fail(ErrorCode::startup_refused));
    CAPTURE(at);
    if (!tested) {
      ++refused;
      CHECK(outcome(tested) == "startup_refused");
      continue;
    }
    // The flip hit a user id or a signature of the key over itself: what is signed is still signed by the right key, as
    // the self-test has just shown. The first packet is the primary key, and none of its bytes may change.
    CHECK(at >= 2u + key[1]);
  }
  CHECK(refused >= 2 + key[1]);
}

TEST_CASE("a server's name stands in a line of every statement") {
  for (const char* good : {"https://auth.example.org", "auth", "http://127.0.0.1:8420", "https://\xC3\xA9.example"}) {
    CHECK(records::ServerIdentity::check_name(good));
  }
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\t"),
                                 std::string("a\xFF"), std::string("a\xE2\x80\xAE"), std::string(201, 'a'),
                                 std::string("a\"b"), std::string("a\\b"), std::string("e\xCC\x81")}) {
    CHECK(outcome(records::ServerIdentity::check_name(bad)) == "malformed_name");
  }
}

TEST_CASE("former keys of the server are known and the present one speaks for it") {
  const records::ServerIdentity identity("https://auth.example.org", to_bytes("0123456789abcdef"),
                                         {{alice().fingerprint(), alice().certificate(), kNoon, std::nullopt},
                                          {bob().fingerprint(), bob().certificate(), kNoon, kNoon + Seconds(1)}});
  CHECK(identity.fingerprint() == alice().fingerprint());
  CHECK(identity.has_key(alice().fingerprint()));
  CHECK(identity.has_key(bob().fingerprint()));
  CHECK_FALSE(identity.has_key(carol().fingerprint()));
  House house;
  storage::Batch batch;
  identity.stage(batch, house.seal());
  must(house.medium().commit(batch));
  const auto read = must(
      records::ServerIdentity::load(house.medium(), house.seal(), "https://auth.example.org", alice().fingerprint()));
  CHECK(read.context() == identity.context());
  CHECK(read.has_key(bob().fingerprint()));
}
