#include "auth/records/succession.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/key_file.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};
constexpr const char* kServer = "https://auth.example.org";

struct Key {
  explicit Key(openpgp::KeyKind kind = openpgp::KeyKind::ed25519_cv25519) {
    const auto made =
        must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({kind, "server", kNoon - 10 * kDay}));
    engine = must(openpgp::rnp::RnpOpenPgp::open(made.secret_key));
    certificate = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", made.certificate);
    fingerprint = made.fingerprint;
    secret = made.secret_key;
  }
  records::SuccessionProof sign(const records::Succession& succession, std::optional<Instant> at = {}) const {
    const std::string text = write_succession(succession);
    return {text, must(engine->sign(text, at.value_or(succession.issued_at))), certificate};
  }
  records::SuccessionProof lead_to(const Key& next, Instant from = kNoon, Seconds overlap = 90 * kDay) const {
    return sign({kServer, fingerprint, next.fingerprint, from, from + overlap});
  }

  std::unique_ptr<openpgp::OpenPgp> engine;
  std::string certificate;
  Fingerprint fingerprint;
  Secret secret;
};

const Key& first() {
  static const Key key;
  return key;
}
const Key& second() {
  static const Key key;
  return key;
}
const Key& third() {
  static const Key key(openpgp::KeyKind::nistp256);
  return key;
}

Result<records::Followed> follow(const std::vector<records::SuccessionProof>& proofs, const Key& known,
                                 const Key& presented, Instant now = kNoon + kDay) {
  const auto engine = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  return follow_successions(*engine, proofs, kServer, known.fingerprint, presented.fingerprint, now);
}

}  // namespace

TEST_CASE("a succession is read as it is written and in no other form") {
  const records::Succession succession{kServer, first().fingerprint, second().fingerprint, kNoon, kNoon + 90 * kDay};
  const std::string text = write_succession(succession);
  CHECK(text == "countersign-succession-v1\nserver: https://auth.example.org\nfrom: " + first().fingerprint.upper() +
                    "\nto: " + second().fingerprint.upper() +
                    "\nissued: 2026-11-21T12:00:00Z\nexpires: 2027-02-19T12:00:00Z\n");
  CHECK(must(records::parse_succession(text)) == succession);
  CHECK(outcome(records::parse_succession("countersign-succession-v2\n" + text.substr(26))) == "unknown_version");
  CHECK(outcome(records::parse_succession(text + "more: x\n")) == "malformed_statement");
  CHECK(outcome(records::parse_succession(text.substr(0, text.size() - 1))) == "malformed_statement");
  CHECK(outcome(records::parse_succession("")) == "malformed_statement");
  CHECK(outcome(records::parse_succession(std::string(5000, 'a') + "\n")) == "malformed_statement");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    const auto parsed = records::parse_succession(flipped);
    CAPTURE(at);
    if (parsed) CHECK(write_succession(*parsed) == flipped);
  }
}

TEST_CASE("a succession is packed as small as it verifies and unpacked in one form") {
  const auto proof = first().lead_to(second());
  const Bytes packed = must(pack_succession(proof));
  CHECK(packed.size() < 800);
  CHECK(must(follow({must(records::unpack_succession(packed))}, first(), second())).to == second().fingerprint);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    CHECK_FALSE(records::unpack_succession(ByteView(packed).first(size)).has_value());
  }
  Bytes other = packed;
  other.push_back(0);
  CHECK(outcome(records::unpack_succession(other)) == "packet_refused");
  other = packed;
  other[0] = 2;
  CHECK(outcome(records::unpack_succession(other)) == "unknown_version");
  other = packed;
  other[1] = 0xFF;
  CHECK(outcome(records::unpack_succession(other)) == "packet_refused");
}

TEST_CASE("S02 a chain of successions leads from any of its keys to the last") {
  const std::vector<records::SuccessionProof> proofs = {second().lead_to(third(), kNoon + kDay, 10 * kDay),
                                                        first().lead_to(second())};
  const auto whole = must(follow(proofs, first(), third(), kNoon + 2 * kDay));
  CHECK(whole.from == first().fingerprint);
  CHECK(whole.to == third().fingerprint);
  CHECK(whole.until == kNoon + 11 * kDay);
  CHECK(must(follow(proofs, second(), third(), kNoon + 2 * kDay)).to == third().fingerprint);
  CHECK(must(follow(proofs, first(), second(), kNoon + 2 * kDay)).until == kNoon + 90 * kDay);
  CHECK(outcome(follow(proofs, third(), first(), kNoon + 2 * kDay)) == "server_mismatch");
  CHECK(outcome(follow({proofs[0]}, first(), third(), kNoon + 2 * kDay)) == "server_mismatch");
  CHECK(outcome(follow({proofs[1]}, first(), third(), kNoon + 2 * kDay)) == "server_mismatch");
}

TEST_CASE("S02 successions in a circle end") {
  const std::vector<records::SuccessionProof> proofs = {first().lead_to(second()), second().lead_to(first())};
  CHECK(outcome(follow(proofs, first(), third())) == "server_mismatch");
}

TEST_CASE("a succession leads until its expiry instant and not at it") {
  const auto proof = first().lead_to(second());
  CHECK(outcome(follow({proof}, first(), second(), kNoon + 90 * kDay - Seconds(1))) == "ok");
  const auto ended = follow({proof}, first(), second(), kNoon + 90 * kDay);
  REQUIRE(outcome(ended) == "server_mismatch");
  CHECK(ended.error().detail.find("ended on 2027-02-19T12:00:00Z") != std::string::npos);
  // A machine without a network may be two days behind, not more.
  CHECK(outcome(follow({proof}, first(), second(), kNoon - 2 * kDay)) == "ok");
  CHECK(outcome(follow({proof}, first(), second(), kNoon - 2 * kDay - Seconds(1))) == "server_mismatch");
}

TEST_CASE("S02 a succession of another server or key or maker leads nowhere") {
  const auto by = [](const Key& signer, records::Succession succession, const Key& certificate) {
    auto proof = signer.sign(succession);
    proof.certificate = certificate.certificate;
    return follow({proof}, first(), second());
  };
  const records::Succession good{kServer, first().fingerprint, second().fingerprint, kNoon, kNoon + 90 * kDay};
  REQUIRE(outcome(by(first(), good, first())) == "ok");
  records::Succession bad = good;
  bad.server = "https://other.example.org";
  CHECK(outcome(by(first(), bad, first())) == "server_mismatch");
  bad = good;
  bad.from = third().fingerprint;
  CHECK(outcome(by(first(), bad, first())) == "server_mismatch");
  bad = good;
  bad.to = third().fingerprint;
  CHECK(outcome(by(first(), bad, first())) == "server_mismatch");
  bad = good;
  bad.expires_at = good.issued_at + records::kSuccessionLifetimeMax + Seconds(1);
  CHECK(outcome(by(first(), bad, first())) == "server_mismatch");
  bad.expires_at = good.issued_at;
  CHECK(outcome(by(first(), bad, first())) == "server_mismatch");
  CHECK(outcome(by(second(), good, first())) == "server_mismatch");
  CHECK(outcome(by(second(), good, second())) == "server_mismatch");
  CHECK(outcome(by(third(), good, third())) == "server_mismatch");
}

TEST_CASE("S02 a signature from another time than the succession says is none") {
  const records::Succession succession{kServer, first().fingerprint, second().fingerprint, kNoon, kNoon + 90 * kDay};
  CHECK(outcome(follow({first().sign(succession, kNoon + Seconds(300))}, first(), second())) == "ok");
  CHECK(outcome(follow({first().sign(succession, kNoon + Seconds(301))}, first(), second())) == "server_mismatch");
  CHECK(outcome(follow({first().sign(succession, kNoon - Seconds(301))}, first(), second())) == "server_mismatch");
}

TEST_CASE("a key that has run out since still leads to the one it signed for") {
  const Key key;
  const auto certificate =
      must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
  openpgp::rnp::RnpKeyFile file("here", "here/server.key", key.secret, "");
  const auto ending = must(file.extend(certificate, kNoon + 5 * kDay, kNoon - kDay));
  auto proof = key.lead_to(second());
  proof.certificate = ending.armored();
  CHECK(outcome(follow({proof}, key, second(), kNoon + 30 * kDay)) == "ok");
  const Instant late = kNoon + 6 * kDay;
  auto after_its_end = key.sign({kServer, key.fingerprint, second().fingerprint, late, late + 90 * kDay});
  after_its_end.certificate = ending.armored();
  CHECK(outcome(follow({after_its_end}, key, second(), kNoon + 7 * kDay)) == "server_mismatch");
}

TEST_CASE("S02 no flipped byte of a packed succession leads elsewhere") {
  const Bytes packed = must(pack_succession(first().lead_to(second())));
  for (std::size_t at = 0; at < packed.size(); at += 3) {
    Bytes flipped = packed;
    flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ 0x04);
    CAPTURE(at);
    const auto proof = records::unpack_succession(flipped);
    if (!proof) continue;
    CHECK(outcome(follow({*proof}, first(), third())) != "ok");
    // A user id or what is not signed may differ; then the statement is still word for word the key's own.
    const auto followed = follow({*proof}, first(), second());
    if (followed) CHECK(proof->statement == first().lead_to(second()).statement);
  }
}
