// The engine against a worker that answers well-formed and wrong: what it says is looked at like a stranger's.
#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gnupg/worker_messages.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/media.hpp"
#include "tests/support/packet_builder.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::auth;
using namespace countersign::auth::openpgp::gnupg;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

const std::string kText = "countersign-statement-v1\n";
const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();

// Reads any frame, and answers with the next file.
constexpr const char* kScript = R"(
i=0
while :; do
  head -c 4 <&3 >/dev/null
  set -- $(head -c 4 <&3 | od -An -tu1)
  [ $# = 4 ] || exit 0
  head -c $(( ($1<<24) + ($2<<16) + ($3<<8) + $4 )) <&3 >/dev/null
  i=$((i+1))
  cat $ANSWERS/$i >&3 || exit 0
done
)";

Bytes packets_of(const std::string& label, const std::string& armored) {
  return openpgp::gate::dearmor(label, armored).value();
}

// A server's key and a recipient's, and what a worker in order would answer about them.
struct Truth {
  Truth() {
    const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
    const auto server_key = maker->generate({KeyKind::ed25519_cv25519, "auth.example.org", kNow}).value();
    server = server_key.certificate;
    signing_key = server_key.fingerprint;
    const auto engine = openpgp::rnp::RnpOpenPgp::open(server_key.secret_key).value();
    signature = packets_of("PGP SIGNATURE", engine->sign(kText, kNow).value());
    recipient = maker->generate({KeyKind::ed25519_cv25519, "Alice", kNow}).value().certificate;
    const openpgp::gate::GatedCertificate gated = certificate();
    encryption_key = engine->inspect(gated, kNow)->subkeys.at(0).fingerprint;
    facts =
        engine->inspect(openpgp::gate::admit_certificate(server, openpgp::gate::kCertificateReadBytesMax).value(), kNow)
            .value();
    encrypted = packets_of("PGP MESSAGE", engine->seal({gated, encryption_key, kText, false, kNow}).value());
  }
  openpgp::gate::GatedCertificate certificate() const {
    return openpgp::gate::admit_certificate(recipient, openpgp::gate::kCertificateReadBytesMax).value();
  }

  Bytes server;
  Fingerprint signing_key;
  Bytes signature;
  Bytes recipient;
  Fingerprint encryption_key;
  CertificateFacts facts;
  Bytes encrypted;
};

const Truth& truth() {
  static const Truth made;
  return made;
}

// The name of the failure, or "sealed".
std::string seal_with(const Reply& signed_reply, const Reply& inspected, const Reply& encrypted) {
  const ScratchFolder scratch;
  int number = 0;
  for (const Reply& reply : {Reply(CertificateReply{truth().server}), signed_reply, inspected, encrypted}) {
    write_file(scratch.path() / std::to_string(++number), as_text(write_reply(reply).value()));
  }
  GpgmeOptions options;
  options.worker_program = "/bin/sh";
  options.worker_arguments = {"-c", "ANSWERS=" + scratch.path().string() + "\n" + kScript};
  options.places = {scratch.path()};
  const auto engine = GpgmeOpenPgp::open(Secret(as_bytes("handed over")), options);
  REQUIRE(engine);
  const openpgp::gate::GatedCertificate recipient = truth().certificate();
  const auto message = (*engine)->seal({recipient, truth().encryption_key, kText, true, kNow});
  return message ? "sealed" : std::string(name_of(message.error().code));
}

SignReply good_signature() {
  return {truth().signature, truth().signing_key};
}
InspectReply good_facts() {
  return {truth().facts};
}
EncryptReply good_encryption() {
  return {truth().encrypted};
}

}  // namespace

TEST_CASE("S58 what GnuPG encrypted goes out only if it is integrity protected and for that key alone") {
  CHECK(seal_with(good_signature(), good_facts(), good_encryption()) == "sealed");
  openpgp::gate::PacketReader reader(truth().encrypted);
  const openpgp::gate::Packet session_key = reader.next().value();
  const openpgp::gate::Packet data = reader.next().value();
  const Bytes for_her = packet(1, Bytes(session_key.body.begin(), session_key.body.end()));
  Bytes for_another(session_key.body.begin(), session_key.body.end());
  for_another[1] ^= 1;
  const Bytes body(data.body.begin(), data.body.end());
  Bytes other_version = body;
  other_version[0] = 2;
  const std::pair<const char*, Bytes> kRows[] = {
      {"nothing", {}},
      {"garbage", to_bytes("garbage")},
      {"the text in clear", to_bytes(kText)},
      {"a literal packet", packet(11, body)},
      {"without integrity protection", concat({for_her, packet(9, body)})},
      {"another version of it", concat({for_her, packet(18, other_version)})},
      {"for another key", concat({packet(1, for_another), packet(18, body)})},
      {"for her and another", concat({for_her, packet(1, for_another), packet(18, body)})},
      {"and something behind it", concat({for_her, packet(18, body), packet(11, body)})},
      {"the session key alone", for_her},
  };
  for (const auto& [what, packets] : kRows) {
    INFO(what);
    CHECK(seal_with(good_signature(), good_facts(), EncryptReply{packets}) == "openpgp_unavailable");
  }
}

TEST_CASE("S58 what GnuPG signed goes out only if it is one strong signature by the server's key") {
  const ForgedKey key(kNow);
  ForgedSignature text_class;
  text_class.signature_class = 0x01;
  text_class.created_at = kNow;
  ForgedSignature weak;
  weak.hash = 2;
  weak.created_at = kNow;
  ForgedSignature good;
  good.created_at = kNow;
  const std::pair<const char*, SignReply> kRows[] = {
      {"nothing", {{}, truth().signing_key}},
      {"garbage", {to_bytes("garbage"), truth().signing_key}},
      {"the certificate", {truth().server, truth().signing_key}},
      {"twice", {concat({truth().signature, truth().signature}), truth().signing_key}},
      {"of class 0x01", {key.sign_document(text_class, kText), key.fingerprint()}},
      {"with SHA-1", {key.sign_document(weak, kText), key.fingerprint()}},
      {"by another key", {key.sign_document(good, kText), key.fingerprint()}},
      {"by another key than it says", {truth().signature, key.fingerprint()}},
  };
  for (const auto& [what, reply] : kRows) {
    INFO(what);
    CHECK(seal_with(reply, good_facts(), good_encryption()) == "openpgp_unavailable");
  }
}

TEST_CASE("a server's key that has expired or been revoked seals nothing whatever GnuPG does with it") {
  const auto seal_by = [](const CertificateFacts& facts) {
    return seal_with(good_signature(), InspectReply{facts}, good_encryption());
  };
  CertificateFacts expired = truth().facts;
  expired.primary.expires_at = kNow;
  CHECK(seal_by(expired) == "openpgp_unavailable");
  CertificateFacts revoked = truth().facts;
  revoked.primary.revoked = true;
  CHECK(seal_by(revoked) == "openpgp_unavailable");
  CertificateFacts another = truth().facts;
  another.primary.fingerprint = truth().encryption_key;
  CHECK(seal_by(another) == "openpgp_unavailable");
}

TEST_CASE("an answer to another question is no answer") {
  CHECK(seal_with(good_encryption(), good_facts(), good_encryption()) == "openpgp_unavailable");
  CHECK(seal_with(good_signature(), good_encryption(), good_encryption()) == "openpgp_unavailable");
  CHECK(seal_with(good_signature(), good_facts(), good_signature()) == "openpgp_unavailable");
  CHECK(seal_with(FailureReply{{ErrorCode::openpgp_unavailable, "why"}}, good_facts(), good_encryption()) ==
        "openpgp_unavailable");
}

TEST_CASE("an engine without a server's key neither signs nor seals and says so") {
  const ScratchFolder scratch;
  write_file(scratch.path() / "1", as_text(write_reply(CertificateReply{}).value()));
  GpgmeOptions options;
  options.worker_program = "/bin/sh";
  options.worker_arguments = {"-c", "ANSWERS=" + scratch.path().string() + "\n" + kScript};
  options.places = {scratch.path()};
  const auto engine = GpgmeOpenPgp::open(Secret(), options).value();
  CHECK(engine->server_certificate() == nullptr);
  CHECK(engine->sign(kText, kNow).error().code == ErrorCode::openpgp_unavailable);
  const auto sealed = engine->seal({truth().certificate(), truth().encryption_key, kText, true, kNow});
  CHECK(sealed.error().code == ErrorCode::openpgp_unavailable);
}
