// Every vector of fixtures/vectors/openpgp gets its verdict, on every engine.
#include <map>
#include <random>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "tests/contract/auth/openpgp/engines.hpp"
#include "tests/support/openpgp_vector.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

// The certificate with signatures by other keys behind its user id, the same every time.
std::string flooded(const std::string& armored, std::size_t signatures) {
  const Bytes packets = must(openpgp::gate::dearmor("PGP PUBLIC KEY BLOCK", armored));
  std::mt19937_64 random(signatures);
  const auto random_bytes = [&](std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
  };
  Bytes out;
  openpgp::gate::PacketReader reader(packets);
  while (!reader.at_end()) {
    const openpgp::gate::Packet each = must(reader.next());
    openpgp::gate::append_packet(out, each.tag, each.body);
    if (each.tag != gate::tag::kUserId) continue;
    for (std::size_t i = 0; i < signatures; ++i) {
      SignatureBody foreign = SignatureBody::good();
      foreign.signature_class = 0x10;
      foreign.hashed[0] = test::subpacket(33, concat({{4}, random_bytes(20)}));
      foreign.unhashed = {test::subpacket(16, random_bytes(8))};
      append(out, packet(2, foreign.bytes()));
    }
  }
  return to_string(out);
}

}  // namespace

TEST_CASE("five thousand signatures by others are refused from a stranger and dropped from a local file") {
  for (const OpenPgpVector& vector : read_certificate_vectors()) {
    if (vector.name != "by-hand") continue;
    const std::string certificate = flooded(vector.text, 5000);
    const auto refused = openpgp::gate::admit_certificate(certificate, openpgp::gate::kCertificateReadBytesMax);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::message_too_large);
    const auto admitted =
        must(openpgp::gate::admit_certificate(certificate, openpgp::gate::kCertificateLocalReadBytesMax));
    CHECK(admitted.packets() == gated(vector.text).packets());
    const auto few =
        must(openpgp::gate::admit_certificate(flooded(vector.text, 500), openpgp::gate::kCertificateReadBytesMax));
    CHECK(few.packets() == admitted.packets());
    return;
  }
  FAIL("the vector by-hand is gone");
}

TEST_CASE("every certificate vector gets its verdict on every engine") {
  check_vector_folder();
  const auto vectors = read_certificate_vectors();
  CHECK(vectors.size() >= 100);
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const OpenPgpVector& vector : vectors) {
      INFO(engine.name << " " << vector.name << ": " << vector.reason);
      const CertificateVerdict verdict = judge_certificate_text(*openpgp, vector.text, vector.now);
      CHECK(verdict.code == vector.expect);
      if (!vector.user_ids) continue;
      REQUIRE(verdict.facts);
      CHECK(verdict.facts->user_ids.size() == *vector.user_ids);
    }
  }
}

TEST_CASE("every signature vector gets its verdict on every engine") {
  std::map<std::string, std::string> certificates;
  for (const OpenPgpVector& vector : read_certificate_vectors()) certificates[vector.name] = vector.text;
  const auto vectors = read_signature_vectors();
  CHECK(vectors.size() >= 80);
  const std::string statement = vector_statement();
  for (const Engine& engine : kEngines) {
    const auto openpgp = open_without_key(engine);
    for (const OpenPgpVector& vector : vectors) {
      INFO(engine.name << " " << vector.name << ": " << vector.reason);
      REQUIRE(certificates.contains(vector.certificate));
      const openpgp::gate::GatedCertificate certificate = gated(certificates.at(vector.certificate));
      CHECK(judge_signature_text(*openpgp, certificate, statement, vector.text, vector.form, vector.now) ==
            vector.expect);
    }
  }
}
