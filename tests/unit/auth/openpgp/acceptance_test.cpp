// Every branch, with an engine that says what the test wants it to say. The real ones: tests/contract.
#include "auth/openpgp/acceptance.hpp"

#include <catch2/catch.hpp>

#include <functional>

#include "tests/support/fake_openpgp.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

const Instant kSigned = from_unix(kBuiltSignatureSeconds);
const Instant kNow = kSigned + Seconds(10);
constexpr std::string_view kText = "statement\n";

Bytes key_packet_bytes() {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return packet(6, concat({{4}, integer(1, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))}));
}

// An engine that confirms everything the built signature says, and a certificate whose primary made it.
struct Scene {
  openpgp::gate::GatedCertificate certificate =
      openpgp::gate::admit_certificate(to_string(key_packet_bytes()), 1000).value();
  Fingerprint signer = Fingerprint::from_bytes(Bytes(20, 0xA5)).value();
  SignatureBody body = SignatureBody::good();
  SignatureFacts facts;
  CertificateFacts keys;
  SignatureForm form = SignatureForm::detached;
  SignatureWindow window{kNow - Seconds(300), kNow + Seconds(300)};
  Instant now = kNow;
  std::string text = std::string(kText);
  std::string valid_over = text;
  std::vector<std::string> asked;
  FakeOpenPgp engine;

  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  Scene() {
    facts = {1, true, certificate.fingerprint(), signer, "SHA256", kSigned};
    keys.primary.fingerprint = certificate.fingerprint();
    keys.primary.algorithm = "ed25519";
    keys.primary.can_certify = true;
    KeyFacts subkey;
    subkey.fingerprint = signer;
    subkey.algorithm = "ed25519";
    subkey.can_sign = true;
    keys.subkeys = {subkey};
    engine.on_inspect = [this](const openpgp::gate::GatedCertificate&, Instant) -> Result<CertificateFacts> {
      return keys;
    };
    engine.on_verify = [this](const openpgp::gate::GatedCertificate&, std::string_view over,
                              const openpgp::gate::GatedSignature&) -> Result<SignatureFacts> {
      asked.emplace_back(over);
      SignatureFacts answer = facts;
      answer.valid = facts.valid && over == valid_over;
      return answer;
    };
  }

  Result<AcceptedSignature> accept() {
    const auto signature = openpgp::gate::admit_signature(body.packets());
    REQUIRE(signature);
    return accept_signature(engine, certificate, text, *signature, form, window, now);
  }
  ErrorCode code() {
    const auto result = accept();
    return result ? ErrorCode::failed : result.error().code;
  }
};

}  // namespace

TEST_CASE("a signature that everything speaks for is accepted") {
  Scene scene;
  const auto accepted = scene.accept();
  REQUIRE(accepted);
  CHECK(accepted->signing_key == scene.signer);
  CHECK(accepted->created_at == kSigned);
  CHECK(scene.asked == std::vector<std::string>{std::string(kText)});
}

TEST_CASE("a clear-signed signature is asked for without the final line end first and then with it") {
  Scene scene;
  scene.form = SignatureForm::clear_signed;
  scene.body.signature_class = 0x01;
  scene.valid_over = "statement";
  CHECK(scene.accept());
  CHECK(scene.asked == std::vector<std::string>{"statement"});
  scene.asked.clear();
  scene.valid_over = "statement\n";
  CHECK(scene.accept());
  CHECK(scene.asked == std::vector<std::string>{"statement", "statement\n"});
  scene.valid_over = "statement\n\n";
  CHECK(scene.code() == ErrorCode::signature_invalid);
}

TEST_CASE("a detached signature covers the final line end and is never tried without it") {
  Scene scene;
  scene.valid_over = "statement";
  CHECK(scene.code() == ErrorCode::signature_invalid);
  CHECK(scene.asked == std::vector<std::string>{"statement\n"});
}

TEST_CASE("the class has to fit the form") {
  Scene scene;
  scene.form = SignatureForm::clear_signed;
  CHECK(scene.code() == ErrorCode::signature_policy);
  CHECK(scene.asked.empty());
  scene.form = SignatureForm::detached;
  scene.body.signature_class = 0x01;
  CHECK(scene.accept());
}

TEST_CASE("a weak hash is refused before any engine is asked") {
  for (const int hash : {1, 2, 3, 11, 12, 14, 0}) {
    Scene scene;
    scene.body.hash = static_cast<std::uint8_t>(hash);
    CHECK(scene.code() == ErrorCode::signature_policy);
    CHECK(scene.asked.empty());
  }
}

TEST_CASE("a DSA signature is refused before any engine is asked") {
  Scene scene;
  scene.body.algorithm = 17;
  CHECK(scene.code() == ErrorCode::signature_policy);
  CHECK(scene.asked.empty());
}

TEST_CASE("both ends of the window are inside it") {
  Scene scene;
  scene.window = {kSigned, kSigned};
  CHECK(scene.accept());
  scene.window = {kSigned + Seconds(1), kSigned + Seconds(2)};
  CHECK(scene.code() == ErrorCode::signature_time);
  scene.window = {kSigned - Seconds(2), kSigned - Seconds(1)};
  CHECK(scene.code() == ErrorCode::signature_time);
}

TEST_CASE("a signature that says when it expires is refused from that instant on") {
  Scene scene;
  scene.body.hashed.push_back(subpacket(3, integer(60, 4)));
  scene.now = kSigned + Seconds(59);
  CHECK(scene.accept());
  scene.now = kSigned + Seconds(60);
  CHECK(scene.code() == ErrorCode::signature_time);
}

TEST_CASE("an engine that found none or two signatures is not believed") {
  for (const std::size_t count : {std::size_t{0}, std::size_t{2}, std::size_t{3}}) {
    Scene scene;
    scene.facts.signatures = count;
    CHECK(scene.code() == ErrorCode::signature_invalid);
  }
}

TEST_CASE("an engine that verified another signature is not believed") {
  Scene scene;
  scene.facts.valid = false;
  CHECK(scene.code() == ErrorCode::signature_invalid);
  scene.facts.valid = true;
  scene.facts.hash = "SHA1";
  CHECK(scene.code() == ErrorCode::signature_invalid);
  scene.facts.hash = "SHA512";
  CHECK(scene.code() == ErrorCode::signature_invalid);
  scene.facts.hash = "SHA256";
  scene.facts.created_at = kSigned + Seconds(1);
  CHECK(scene.code() == ErrorCode::signature_invalid);
  scene.facts.created_at = kSigned;
  scene.facts.signing_key = scene.certificate.fingerprint();
  CHECK(scene.code() == ErrorCode::signature_invalid);
}

TEST_CASE("a signer under another primary is refused") {
  Scene scene;
  scene.facts.primary = scene.signer;
  CHECK(scene.code() == ErrorCode::signature_by_another_key);
  Scene other;
  other.keys.primary.fingerprint = other.signer;
  CHECK(other.code() == ErrorCode::signature_by_another_key);
}

TEST_CASE("the signing key has to be one that may sign now") {
  Scene scene;
  scene.keys.subkeys[0].can_sign = false;
  CHECK(scene.code() == ErrorCode::signature_policy);
  scene.keys.subkeys[0].can_sign = true;
  scene.keys.subkeys[0].algorithm = "rsa1024";
  CHECK(scene.code() == ErrorCode::signature_policy);
  scene.keys.subkeys[0].algorithm = "ed25519";
  scene.keys.subkeys[0].bound = false;
  CHECK(scene.code() == ErrorCode::signature_by_another_key);
  scene.keys.subkeys[0].bound = true;
  scene.keys.subkeys[0].revoked = true;
  CHECK(scene.code() == ErrorCode::key_revoked);
  scene.keys.subkeys[0].revoked = false;
  scene.keys.subkeys[0].expires_at = kNow;
  CHECK(scene.code() == ErrorCode::key_expired);
  scene.keys.subkeys[0].expires_at = kNow + Seconds(1);
  CHECK(scene.accept());
  scene.keys.primary.expires_at = kNow;
  CHECK(scene.code() == ErrorCode::key_expired);
  scene.keys.primary.expires_at.reset();
  scene.keys.primary.revoked = true;
  CHECK(scene.code() == ErrorCode::key_revoked);
  scene.keys.primary.revoked = false;
  scene.keys.subkeys.clear();
  CHECK(scene.code() == ErrorCode::signature_by_another_key);
}

TEST_CASE("a signature older than its key is refused") {
  Scene scene;
  scene.keys.subkeys[0].created_at = kSigned;
  CHECK(scene.accept());
  scene.keys.subkeys[0].created_at = kSigned + Seconds(1);
  CHECK(scene.code() == ErrorCode::signature_time);
}

TEST_CASE("no engine is asked about a key that may not sign now") {
  const auto named = [](const std::function<void(Scene&)>& change) {
    Scene scene;
    change(scene);
    const ErrorCode code = scene.code();
    CHECK(scene.asked.empty());
    return code;
  };
  CHECK(named([](Scene& scene) { scene.keys.subkeys[0].revoked = true; }) == ErrorCode::key_revoked);
  CHECK(named([](Scene& scene) { scene.keys.primary.revoked = true; }) == ErrorCode::key_revoked);
  CHECK(named([](Scene& scene) { scene.keys.subkeys[0].expires_at = kNow; }) == ErrorCode::key_expired);
  CHECK(named([](Scene& scene) { scene.keys.primary.expires_at = kNow; }) == ErrorCode::key_expired);
  CHECK(named([](Scene& scene) { scene.keys.subkeys[0].can_sign = false; }) == ErrorCode::signature_policy);
  CHECK(named([](Scene& scene) { scene.keys.subkeys[0].bound = false; }) == ErrorCode::signature_by_another_key);
  CHECK(named([](Scene& scene) { scene.keys.subkeys.clear(); }) == ErrorCode::signature_by_another_key);
  CHECK(named([](Scene& scene) { scene.keys.subkeys[0].created_at = kSigned + Seconds(1); }) ==
        ErrorCode::signature_time);
}

TEST_CASE("a key that is named by its key id alone is judged like one that is named in full") {
  Scene scene;
  scene.body.hashed[0] = subpacket(16, Bytes(8, 0xA5));
  CHECK(scene.accept());
  scene.keys.subkeys[0].revoked = true;
  CHECK(scene.code() == ErrorCode::key_revoked);
  // Of two keys with that id one that may sign is enough to ask the engine, which says who signed.
  KeyFacts twin = scene.keys.subkeys[0];
  twin.fingerprint = Fingerprint::from_bytes(concat({Bytes(12, 1), Bytes(8, 0xA5)})).value();
  twin.revoked = false;
  scene.asked.clear();
  for (const bool first : {true, false}) {
    const auto at = first ? scene.keys.subkeys.begin() : scene.keys.subkeys.end();
    scene.keys.subkeys.insert(at, twin);
    CHECK(scene.code() == ErrorCode::key_revoked);
    CHECK(scene.asked.size() == 1);
    scene.asked.clear();
    scene.keys.subkeys.erase(first ? scene.keys.subkeys.begin() : scene.keys.subkeys.end() - 1);
  }
  scene.keys.subkeys.clear();
  CHECK(scene.code() == ErrorCode::signature_by_another_key);
  CHECK(scene.asked.empty());
}

TEST_CASE("of two keys with one key id the engine says who signed, and that key's age counts") {
  Scene scene;
  scene.body.hashed[0] = subpacket(16, Bytes(8, 0xA5));
  KeyFacts twin = scene.keys.subkeys[0];
  twin.fingerprint = Fingerprint::from_bytes(concat({Bytes(12, 1), Bytes(8, 0xA5)})).value();
  scene.keys.subkeys.push_back(twin);
  REQUIRE(scene.accept());
  scene.keys.subkeys[0].created_at = kSigned + Seconds(1);
  CHECK(scene.code() == ErrorCode::signature_time);
  CHECK(scene.asked.size() == 2);
}

TEST_CASE("an engine out of order accepts nothing") {
  Scene scene;
  scene.engine.on_verify = nullptr;
  CHECK(scene.code() == ErrorCode::openpgp_unavailable);
  Scene other;
  other.engine.on_inspect = nullptr;
  CHECK(other.code() == ErrorCode::openpgp_unavailable);
}

TEST_CASE("a text without a final line end is asked for once, whatever its form") {
  for (const std::string& text : {std::string("statement"), std::string()}) {
    for (const SignatureForm form : {SignatureForm::clear_signed, SignatureForm::detached}) {
      Scene scene;
      scene.form = form;
      scene.body.signature_class = 0x01;
      scene.text = scene.valid_over = text;
      CHECK(scene.accept());
      CHECK(scene.asked == std::vector<std::string>{text});
    }
  }
}

TEST_CASE("of the keys of a certificate the one that the signature names is judged, wherever it stands") {
  for (const bool first : {true, false}) {
    Scene scene;
    KeyFacts other = scene.keys.subkeys[0];
    other.fingerprint = Fingerprint::from_bytes(Bytes(20, 7)).value();
    other.revoked = true;
    scene.keys.subkeys.insert(first ? scene.keys.subkeys.begin() : scene.keys.subkeys.end(), other);
    CHECK(scene.accept());
  }
}

TEST_CASE("a key that is named in full is no other of the same key id") {
  Scene scene;
  scene.keys.subkeys[0].fingerprint = Fingerprint::from_bytes(concat({Bytes(12, 1), Bytes(8, 0xA5)})).value();
  CHECK(scene.code() == ErrorCode::signature_by_another_key);
  CHECK(scene.asked.empty());
}
