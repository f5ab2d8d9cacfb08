#include "tests/support/own_signatures.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "tests/support/forged_key.hpp"

namespace countersign::test {
namespace {

namespace gate = auth::openpgp::gate;

constexpr std::uint8_t kKeyRevocation = 0x20;
constexpr std::uint8_t kPositiveCertification = 0x13;
constexpr std::uint8_t kCertifyAndSign = 3;

std::size_t integer_at(ByteView bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

// Creation time and scalar of an unprotected Ed25519 secret key, which is the first packet (RFC 4880 §5.5.3).
struct OpenKey {
  Instant created_at;
  Bytes scalar;
};

OpenKey open_key(ByteView packets) {
  // Shorter than 192 bytes, so the length is one byte, in either format of a header.
  const ByteView body = packets.subspan(2);
  const auto created = static_cast<std::int64_t>(integer_at(body, 1) << 16 | integer_at(body, 3));
  std::size_t at = 6;                        // version, time, algorithm
  at += 1 + body[at];                        // the curve's name
  at += 2 + (integer_at(body, at) + 7) / 8;  // the point
  if (body[at] != 0) throw std::runtime_error("the key is protected");
  ++at;
  const std::size_t size = (integer_at(body, at) + 7) / 8;
  Bytes scalar(32 - size, 0);
  append(scalar, body.subspan(at + 2, size));
  return {Instant(Seconds(created)), std::move(scalar)};
}

struct OwnKey {
  explicit OwnKey(const Person& person) : OwnKey(open_key(person.secret_key().reveal())) {
    if (key.fingerprint() != person.fingerprint()) throw std::runtime_error("another key");
  }
  explicit OwnKey(const OpenKey& open) : key(open.created_at, open.scalar) {}
  ForgedKey key;
};

ForgedSignature signature_of(std::uint8_t signature_class) {
  ForgedSignature what;
  what.signature_class = signature_class;
  what.created_at = kNoon - std::chrono::days(1);
  return what;
}

}  // namespace

std::string own_revocation_of(const Person& person) {
  const OwnKey own(person);
  return gate::enarmor("PGP SIGNATURE", own.key.sign_key(signature_of(kKeyRevocation)));
}

std::string newer_certificate_of(const Person& person) {
  const OwnKey own(person);
  ForgedSignature what = signature_of(kPositiveCertification);
  what.hashed.push_back(key_flags(kCertifyAndSign));
  const Bytes packets = must(gate::dearmor("PGP PUBLIC KEY BLOCK", person.certificate()));
  Bytes newer;
  gate::PacketReader reader(packets);
  while (!reader.at_end()) {
    const gate::Packet packet = must(reader.next());
    gate::append_packet(newer, packet.tag, packet.body);
    if (packet.tag == gate::tag::kUserId) append(newer, own.key.certify(what, as_text(packet.body)));
  }
  return gate::enarmor("PGP PUBLIC KEY BLOCK", newer);
}

}  // namespace countersign::test
