// Two engines in the test's hand. The real ones: tests/contract.
#include "auth/openpgp/both_openpgp.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/fake_openpgp.hpp"
#include "tests/support/house.hpp"
#include "tests/support/packet_builder.hpp"
#include "tests/support/twisted_openpgp.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

const Instant kSigned = from_unix(kBuiltSignatureSeconds);
constexpr std::string_view kText = "statement\n";

std::string certificate_bytes() {
  const Bytes oid = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01};
  return to_string(packet(6, concat({{4}, integer(1, 4), {22, 9}, oid, mpi(Bytes(33, 0x40))})));
}

// Two fakes that agree: the certificate has a subkey that made the built signature, and one that encrypts.
struct Pair {
  openpgp::gate::GatedCertificate certificate = openpgp::gate::admit_certificate(certificate_bytes(), 1000).value();
  openpgp::gate::GatedSignature signature = openpgp::gate::admit_signature(SignatureBody::good().packets()).value();
  Fingerprint signer = Fingerprint::from_bytes(Bytes(20, 0xA5)).value();
  FakeOpenPgp* holder = nullptr;
  FakeOpenPgp* other = nullptr;
  std::unique_ptr<BothOpenPgp> both;

  Pair() {
    auto first = std::make_unique<FakeOpenPgp>();
    auto second = std::make_unique<FakeOpenPgp>();
    holder = first.get();
    other = second.get();
    for (FakeOpenPgp* const fake : {holder, other}) {
      fake->on_inspect = [this](const openpgp::gate::GatedCertificate&, Instant) -> Result<CertificateFacts> {
        return facts();
      };
      fake->on_verify = [this](const openpgp::gate::GatedCertificate&, std::string_view,
                               const openpgp::gate::GatedSignature&) -> Result<SignatureFacts> { return verified(); };
    }
    both = std::make_unique<BothOpenPgp>(BothOpenPgp::Engine{"rnp", std::move(first)},
                                         BothOpenPgp::Engine{"gpgme", std::move(second)});
  }

  CertificateFacts facts() const {
    CertificateFacts facts;
    facts.primary.fingerprint = certificate.fingerprint();
    facts.primary.algorithm = "ed25519";
    facts.primary.can_certify = true;
    KeyFacts signs;
    signs.fingerprint = signer;
    signs.algorithm = "ed25519";
    signs.can_sign = true;
    KeyFacts encrypts;
    encrypts.fingerprint = Fingerprint::from_bytes(Bytes(20, 0x5A)).value();
    encrypts.algorithm = "cv25519";
    encrypts.can_encrypt = true;
    facts.subkeys = {signs, encrypts};
    facts.user_ids = {"Alice"};
    return facts;
  }
  SignatureFacts verified() const { return {1, true, certificate.fingerprint(), signer, "SHA256", kSigned}; }

  std::string accepted() {
    return outcome(
        accept_signature(*both, certificate, kText, signature, SignatureForm::detached, {kSigned, kSigned}, kSigned));
  }
  Result<Enrollable> enrolled() { return check_enrollable(*both, certificate_bytes(), 1000, kSigned); }

  // The other engine's facts, changed.
  void other_finds(const std::function<void(CertificateFacts&)>& change) {
    other->on_inspect = [this, change](const openpgp::gate::GatedCertificate&, Instant) -> Result<CertificateFacts> {
      CertificateFacts changed = facts();
      change(changed);
      return changed;
    };
  }
};

tl::unexpected<Error> refuse() {
  return fail(ErrorCode::certificate_refused, "I cannot read it");
}

}  // namespace

TEST_CASE("what both engines vouch for is accepted and enrolled") {
  Pair pair;
  CHECK(pair.accepted() == "ok");
  CHECK(outcome(pair.enrolled()) == "ok");
}

TEST_CASE("a certificate that one engine refuses is disputed and one that both refuse is refused") {
  Pair pair;
  pair.other->on_inspect = [](const openpgp::gate::GatedCertificate&, Instant) -> Result<CertificateFacts> {
    return refuse();
  };
  CHECK(pair.accepted() == "engines_disagree");
  const auto enrolled = pair.enrolled();
  CHECK(outcome(enrolled) == "certificate_disputed");
  CHECK(face_of_outcome(enrolled) == Face::malformed);
  CHECK(enrolled.error().detail.find("rnp reads the certificate, gpgme refuses it: I cannot read it") !=
        std::string::npos);
  std::swap(pair.holder->on_inspect, pair.other->on_inspect);
  CHECK(pair.accepted() == "engines_disagree");
  CHECK(pair.enrolled().error().detail.find("gpgme reads the certificate, rnp refuses it") != std::string::npos);
  pair.other->on_inspect = pair.holder->on_inspect;
  CHECK(pair.accepted() == "certificate_refused");
  CHECK(outcome(pair.enrolled()) == "certificate_refused");
}

TEST_CASE("a certificate that the engines read differently is neither enrolled nor logged in with") {
  Pair pair;
  pair.other_finds([](CertificateFacts& facts) { facts.subkeys.pop_back(); });
  CHECK(pair.accepted() == "engines_disagree");
  CHECK(outcome(pair.enrolled()) == "certificate_disputed");
}

TEST_CASE("a signature that one engine verifies and the other does not is disputed") {
  Pair pair;
  const auto bad = [&](const openpgp::gate::GatedCertificate&, std::string_view,
                       const openpgp::gate::GatedSignature&) -> Result<SignatureFacts> {
    SignatureFacts facts = pair.verified();
    facts.valid = false;
    return facts;
  };
  const auto good = pair.other->on_verify;
  pair.other->on_verify = bad;
  CHECK(pair.accepted() == "engines_disagree");
  CHECK(face_of(ErrorCode::engines_disagree) == Face::denied);
  pair.holder->on_verify = bad;
  CHECK(pair.accepted() == "signature_invalid");
  pair.other->on_verify = good;
  CHECK(pair.accepted() == "engines_disagree");
}

TEST_CASE(
    "a key that one engine finds revoked or expired is named so even where that engine verifies nothing with it") {
  const auto taken_away = [](const std::function<void(KeyFacts&)>& change, std::size_t part) {
    Pair pair;
    pair.other_finds([&](CertificateFacts& facts) { change(part == 0 ? facts.primary : facts.subkeys.at(part - 1)); });
    pair.other->on_verify = [&](const openpgp::gate::GatedCertificate&, std::string_view,
                                const openpgp::gate::GatedSignature&) -> Result<SignatureFacts> {
      SignatureFacts facts = pair.verified();
      facts.valid = false;
      return facts;
    };
    return pair.accepted();
  };
  for (const std::size_t part : {0, 1}) {
    CHECK(taken_away([](KeyFacts& key) { key.revoked = true; }, part) == "key_revoked");
    CHECK(taken_away([](KeyFacts& key) { key.expires_at = kSigned; }, part) == "key_expired");
  }
  CHECK(taken_away([](KeyFacts& key) { key.can_sign = false; }, 1) == "signature_policy");
  CHECK(taken_away([](KeyFacts& key) { key.bound = false; }, 1) == "signature_by_another_key");
}

TEST_CASE("two engines of which one is out of order are out of order") {
  for (const bool first : {true, false}) {
    Pair pair;
    FakeOpenPgp& broken = first ? *pair.holder : *pair.other;
    FakeOpenPgp& whole = first ? *pair.other : *pair.holder;
    broken.on_verify = nullptr;
    CHECK(pair.accepted() == "openpgp_unavailable");
    broken.on_inspect = nullptr;
    CHECK(pair.accepted() == "openpgp_unavailable");
    CHECK(outcome(pair.enrolled()) == "openpgp_unavailable");
    // A refusal by the other is no opinion of both either.
    whole.on_inspect = [](const openpgp::gate::GatedCertificate&, Instant) -> Result<CertificateFacts> {
      return refuse();
    };
    CHECK(pair.accepted() == "openpgp_unavailable");
    CHECK(outcome(pair.enrolled()) == "openpgp_unavailable");
  }
}

TEST_CASE("the engine that holds the server's key seals and signs and generates alone") {
  Pair pair;
  pair.holder->on_seal = [](const SealRequest&) -> Result<std::string> { return std::string("sealed"); };
  pair.holder->on_sign = [](std::string_view, Instant) -> Result<std::string> { return std::string("signed"); };
  pair.holder->on_generate = [](const KeyRequest&) -> Result<GeneratedKey> {
    GeneratedKey key;
    key.certificate = to_bytes("key");
    return key;
  };
  CHECK(pair.both->seal({pair.certificate, pair.signer, kText, true, kSigned}) == "sealed");
  CHECK(pair.both->sign(kText, kSigned) == "signed");
  CHECK(must(pair.both->generate({KeyKind::rsa3072, "x", kSigned})).certificate == to_bytes("key"));
}

namespace {

// RNP twice, the second as the test tells it.
struct DisputedHouse {
  TwistedOpenPgp* second = nullptr;
  House house{settings(), nullptr};

  HouseSettings settings() {
    HouseSettings out;
    out.open_engine = [this](const Secret& key) -> Result<std::unique_ptr<OpenPgp>> {
      auto twisted = std::make_unique<TwistedOpenPgp>(must(openpgp::rnp::RnpOpenPgp::open(Secret())));
      second = twisted.get();
      BothOpenPgp::Engine holder{"rnp", TRY(openpgp::rnp::RnpOpenPgp::open(key))};
      BothOpenPgp::Engine other{"gpgme", std::move(twisted)};
      return std::unique_ptr<OpenPgp>(std::make_unique<BothOpenPgp>(std::move(holder), std::move(other)));
    };
    return out;
  }
  std::string refusals() {
    must(house.auth().close());
    for (const auth::records::AuditRecord& record : must(house.auth().roles().audit.list("", 0, 100))) {
      if (record.decision == "refusals") return record.entry.detail;
    }
    return "none";
  }
};

}  // namespace

TEST_CASE("a login on which the engines disagree is denied and counted under its own name") {
  DisputedHouse disputed;
  House& house = disputed.house;
  house.add(alice());
  house.log_in(alice());
  const auto response = house.answer(alice(), house.issue(alice()));
  disputed.second->on_verify = [](Result<SignatureFacts> facts) {
    if (facts) facts->valid = false;
    return facts;
  };
  auto message = message_of("session.open", transport::Carrier::http);
  message.fields = fields_of(response);
  const auto before = contents_of(house.medium());
  const auto answer = house.operations().run(message);
  CHECK(outcome(answer) == "engines_disagree");
  CHECK(face_of_outcome(answer) == Face::denied);
  CHECK(contents_of(house.medium()) == before);
  CHECK(disputed.refusals() == "engines_disagree=1");
}

TEST_CASE("an enrolment on which the engines disagree is told why and counted under its own name") {
  DisputedHouse disputed;
  House& house = disputed.house;
  disputed.second->on_inspect = [](Result<CertificateFacts> facts) {
    if (facts) facts->primary.algorithm = "rsa1024";
    return facts;
  };
  auto message = message_of("account.add", transport::Carrier::local);
  message.fields = Json::object().set("username", alice().name()).set("public_key", alice().certificate());
  const auto answer = house.operations().run(message);
  CHECK(outcome(answer) == "certificate_disputed");
  CHECK(face_of_outcome(answer) == Face::malformed);
  CHECK(answer.error().detail.find("rnp says ed25519, gpgme says rsa1024") != std::string::npos);
  CHECK(disputed.refusals() == "certificate_disputed=1");
}

TEST_CASE("S28 a challenge for an account whose key is disputed looks like any other") {
  DisputedHouse disputed;
  House& house = disputed.house;
  house.add(alice());
  disputed.second->on_inspect = [](Result<CertificateFacts> facts) {
    if (facts) facts->primary.algorithm = "rsa1024";
    return facts;
  };
  const auto issued = house.issue(alice());
  CHECK(house.engine().sealed_in(issued.message).recipient != alice().fingerprint());
}
