#include "auth/openpgp/gate/secret_key.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/rnp/key_file.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/house.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

GeneratedKey make_key(KeyKind kind = KeyKind::ed25519_cv25519) {
  return must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({kind, "server", kNoon}));
}

openpgp::gate::GatedCertificate certificate_of(const GeneratedKey& key) {
  return must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
}

// An Ed25519 primary whose secret part begins so (RFC 4880 §5.5.3).
Bytes secret_packet(const Bytes& secret, std::uint8_t tag = 5) {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return packet(tag, concat({{4}, integer(tag, 4), {22, 9}, oid, mpi(Bytes(33, 0x40)), secret, Bytes(48, 7)}));
}
// Usage, cipher, string-to-key, hash, salt and count.
Bytes protection(std::uint8_t usage, std::uint8_t cipher, std::uint8_t s2k, std::uint8_t count = 0xFF) {
  return concat({{usage, cipher, s2k, 8}, Bytes(8, 1), {count}});
}
bool is_protected(const Bytes& secret) {
  const Status checked = openpgp::gate::check_protected(secret_packet(secret));
  CHECK((checked || checked.error().code == ErrorCode::certificate_refused));
  return checked.has_value();
}
bool is_encrypted(const Bytes& secret) {
  return must(openpgp::gate::inspect_secret_key(to_string(secret_packet(secret)))).is_encrypted;
}

}  // namespace

TEST_CASE("a secret key is told by the fingerprint of its public part") {
  for (const KeyKind kind : {KeyKind::ed25519_cv25519, KeyKind::rsa2048, KeyKind::nistp256}) {
    const auto key = make_key(kind);
    CHECK(must(openpgp::gate::fingerprint_of_secret_key(key.secret_key.reveal())) == key.fingerprint);
  }
  CHECK(outcome(openpgp::gate::fingerprint_of_secret_key(make_key().certificate)) == "certificate_refused");
  CHECK(outcome(openpgp::gate::fingerprint_of_secret_key({})) == "certificate_refused");
  CHECK(outcome(openpgp::gate::fingerprint_of_secret_key(as_bytes("no packets"))) == "packet_refused");
}

TEST_CASE("a secret key wears what its certificate says of it now") {
  const auto key = make_key();
  openpgp::rnp::RnpKeyFile home("here", "here/server.key", key.secret_key, "");
  const auto extended = must(home.extend(certificate_of(key), kNoon + 30 * kDay, kNoon + Seconds(1)));
  const Secret dressed = must(with_certificate(key.secret_key.reveal(), extended));
  const auto engine = must(openpgp::rnp::RnpOpenPgp::open(dressed));
  CHECK(engine->sign("x\n", kNoon + 30 * kDay - Seconds(1)));
  CHECK(outcome(engine->sign("x\n", kNoon + 30 * kDay)) == "openpgp_unavailable");
  // And dressed again as it was made, it signs on: the secret was never touched.
  const Secret undressed = must(with_certificate(dressed.reveal(), certificate_of(key)));
  CHECK(must(openpgp::rnp::RnpOpenPgp::open(undressed))->sign("x\n", kNoon + 300 * kDay));
}

TEST_CASE("S16 a secret key that no passphrase protects, or one at less than the full cost, is told from one that is") {
  const Secret passphrase(as_bytes("correct horse"));
  const auto key = must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))
                            ->generate({KeyKind::ed25519_cv25519, "alice", kNoon, &passphrase}));
  CHECK(outcome(openpgp::gate::check_protected(key.secret_key.reveal())) == "ok");
  CHECK(outcome(openpgp::gate::check_protected(make_key().secret_key.reveal())) == "certificate_refused");
  CHECK(outcome(openpgp::gate::check_protected(key.certificate)) == "certificate_refused");
  CHECK(outcome(openpgp::gate::check_protected({})) == "certificate_refused");
  GnupgHome home;  // whose agent counts to 65,536
  home.must({"--passphrase", "correct horse", "--quick-generate-key", "alice", "ed25519", "sign,cert", "none"});
  const std::string cheap = home.must({"--passphrase", "correct horse", "--export-secret-keys", "alice"});
  CHECK(outcome(openpgp::gate::check_protected(as_bytes(cheap))) == "certificate_refused");
  // Every subkey counts: the protected primary with a subkey in clear behind it.
  Bytes mixed(key.secret_key.reveal().begin(), key.secret_key.reveal().end());
  const auto clear = make_key();
  mixed.insert(mixed.end(), clear.secret_key.reveal().begin(), clear.secret_key.reveal().end());
  CHECK(outcome(openpgp::gate::check_protected(mixed)) == "certificate_refused");
  // Cut anywhere, it is not taken for protected with a part missing from a packet.
  const ByteView whole = key.secret_key.reveal();
  CHECK(outcome(openpgp::gate::check_protected(whole.first(40))) == "packet_refused");
}

TEST_CASE("a secret key does not wear another's certificate") {
  const auto key = make_key();
  const auto other = make_key();
  CHECK(outcome(with_certificate(key.secret_key.reveal(), certificate_of(other))) == "certificate_refused");
}

TEST_CASE("a subkey whose secret is elsewhere is left out and the rest signs") {
  GnupgHome home;
  home.set_time("20261121T120000!");
  const std::string digits = home.make_key("ed25519", "server");
  const std::string before = home.export_secret_binary(digits);
  home.add_subkey(digits, "ed25519", "sign");
  const auto certificate =
      must(openpgp::gate::admit_certificate(home.export_public(digits), openpgp::gate::kCertificateReadBytesMax));
  const Secret dressed = must(with_certificate(as_bytes(before), certificate));
  CHECK(must(openpgp::rnp::RnpOpenPgp::open(dressed))->sign("x\n", kNoon + Seconds(60)));
}

TEST_CASE("well protected is AES by a salted and iterated passphrase at the highest count, and a SHA-1 inside") {
  CHECK(is_protected(protection(254, 9, 3)));
  CHECK(is_protected(protection(254, 8, 3)));
  CHECK(is_protected(protection(254, 7, 3)));
  CHECK_FALSE(is_protected(protection(254, 6, 3)));
  CHECK_FALSE(is_protected(protection(254, 10, 3)));
  CHECK_FALSE(is_protected(protection(255, 9, 3)));
  CHECK_FALSE(is_protected(protection(253, 9, 3)));
  CHECK_FALSE(is_protected(protection(254, 9, 1)));
  CHECK_FALSE(is_protected(protection(254, 9, 3, 0xFE)));
  CHECK_FALSE(is_protected(protection(0, 9, 3)));
}

TEST_CASE("encrypted is what a passphrase opens, however cheaply, and not what a bare cipher says") {
  for (const std::uint8_t usage : std::initializer_list<std::uint8_t>{0, 1, 9, 253, 254, 255}) {
    for (const std::uint8_t cipher : std::initializer_list<std::uint8_t>{0, 1, 9}) {
      for (const std::uint8_t s2k : std::initializer_list<std::uint8_t>{0, 1, 2, 3, 4, 101}) {
        CAPTURE(int{usage}, int{cipher}, int{s2k});
        const bool expected = usage >= 254 && cipher != 0 && (s2k == 0 || s2k == 1 || s2k == 3);
        CHECK(is_encrypted(protection(usage, cipher, s2k, 0)) == expected);
      }
    }
  }
}

TEST_CASE("a secret key's certificate is its public parts and what is signed of them") {
  const auto key = make_key();
  const Bytes packets = must(openpgp::gate::certificate_of_secret_key(key.secret_key.reveal()));
  const auto certificate =
      must(openpgp::gate::admit_certificate(to_string(packets), openpgp::gate::kCertificateReadBytesMax));
  CHECK(certificate.packets() == certificate_of(key).packets());
  const Bytes mixed = concat(
      {secret_packet(protection(254, 9, 3)), packet(13, to_bytes("x")), secret_packet(protection(254, 9, 3), 7)});
  std::vector<int> tags;
  const Bytes made = must(openpgp::gate::certificate_of_secret_key(mixed));
  for (openpgp::gate::PacketReader walk(made); !walk.at_end();) tags.push_back(must(walk.next()).tag);
  CHECK(tags == std::vector<int>{6, 13, 14});
  CHECK(outcome(openpgp::gate::fingerprint_of_secret_key(secret_packet(protection(254, 9, 3), 7))) ==
        "certificate_refused");  // a subkey alone
}

TEST_CASE("a key is encrypted where each of its parts is") {
  const Bytes shut = protection(254, 9, 3), open = protection(0, 9, 3);
  const auto is_each = [](const Bytes& primary, const Bytes& subkey) {
    const Bytes key = concat({secret_packet(primary), secret_packet(subkey, 7)});
    return must(openpgp::gate::inspect_secret_key(to_string(key))).is_encrypted;
  };
  CHECK(is_each(shut, shut));
  CHECK_FALSE(is_each(shut, open));
  CHECK_FALSE(is_each(open, shut));
}

TEST_CASE("a secret key is known as one, armored anywhere in a text or as packets, and a text is none") {
  const Bytes packets = secret_packet(protection(254, 9, 3));
  CHECK(openpgp::gate::is_secret_key(to_string(packets)));
  CHECK(openpgp::gate::is_secret_key("Dear all,\n-----BEGIN PGP PRIVATE KEY BLOCK-----\n"));
  CHECK_FALSE(openpgp::gate::is_secret_key(to_string(certificate_of(make_key()).packets())));
  CHECK_FALSE(openpgp::gate::is_secret_key(""));
  CHECK_FALSE(openpgp::gate::is_secret_key("\xFF"));
  // UTF-8 whose first letter reads like the head of a secret key's packet.
  CHECK_FALSE(openpgp::gate::is_secret_key("\xC5\x80" + std::string(128, 'x')));
  CHECK(openpgp::gate::is_secret_key("\xC5\x80" + std::string(128, '\xFF')));
}
