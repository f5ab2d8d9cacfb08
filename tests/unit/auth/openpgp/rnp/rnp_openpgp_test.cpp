// What is librnp's alone; what every engine must do: tests/contract.
#include "auth/openpgp/rnp/rnp_openpgp.hpp"

#include <fcntl.h>
#include <rnp/rnp_err.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/rnp/certificate_cache.hpp"
#include "auth/openpgp/rnp/handles.hpp"
#include "tests/support/forged_key.hpp"
#include "tests/support/packet_builder.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();
constexpr Seconds kDay{86400};

// A forged certificate of a primary that certifies and signs, perhaps for a while only.
openpgp::gate::GatedCertificate certificate_of(const ForgedKey& key, std::optional<Seconds> lifetime = {}) {
  ForgedSignature what;
  what.signature_class = 0x13;
  what.created_at = key.created_at();
  what.hashed = {key_flags(3)};
  if (lifetime) what.hashed.push_back(key_lifetime(*lifetime));
  const Bytes packets = concat({packet(6, key.body()), packet(13, to_bytes("Alice")), key.certify(what, "Alice")});
  return openpgp::gate::admit_certificate(packets, openpgp::gate::kCertificateReadBytesMax).value();
}

openpgp::gate::GatedSignature signature_of(const ForgedKey& key, std::string_view text) {
  ForgedSignature what;
  what.created_at = kNow;
  return openpgp::gate::admit_signature(key.sign_document(what, text)).value();
}

// What arrives at descriptor 2 while this lives.
class CapturedErrors {
 public:
  CapturedErrors() : saved_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    const int file = open(path_, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~CapturedErrors() {
    restore();
    unlink(path_);
  }
  std::string finish() {
    restore();
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    std::fflush(stderr);
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
  }
  const std::string name_ = "/tmp/cs-stderr." + std::to_string(getpid());
  const char* path_ = name_.c_str();
  int saved_;
};

}  // namespace

TEST_CASE("librnp out of memory is an engine out of order, whatever else the call may say") {
  const auto code = [](rnp_result_t result) {
    return openpgp::rnp::check(result, "rnp_op_encrypt_execute", ErrorCode::certificate_refused).error().code;
  };
  CHECK(code(RNP_ERROR_OUT_OF_MEMORY) == ErrorCode::openpgp_unavailable);
  CHECK(code(RNP_ERROR_BAD_PARAMETERS) == ErrorCode::certificate_refused);
}

TEST_CASE("librnp's complaints do not reach the terminal and everybody else's do") {
  const auto engine = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const ForgedKey key(kNow - kDay);
  const openpgp::gate::GatedCertificate good = certificate_of(key);
  Bytes packets = good.packets();
  packets.back() ^= 1;
  const auto damaged = openpgp::gate::admit_certificate(packets, openpgp::gate::kCertificateReadBytesMax).value();
  CapturedErrors errors;
  CHECK_FALSE(engine->inspect(damaged, kNow)->primary.bound);
  CHECK_FALSE(engine->verify(good, as_bytes("another"), signature_of(key, "text"), kNow)->valid);
  CHECK_FALSE(openpgp::rnp::RnpOpenPgp::open(Secret(as_bytes("garbage"))));
  std::fputs("mine\n", stderr);
  std::fprintf(stderr, "%d\n", 42);
  CHECK(errors.finish() == "mine\n42\n");
}

TEST_CASE("an engine without a key neither seals nor signs") {
  const auto engine = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const ForgedKey key(kNow - kDay);
  const openpgp::gate::GatedCertificate certificate = certificate_of(key);
  CHECK(engine->sign("text", kNow).error().code == ErrorCode::openpgp_unavailable);
  CHECK(engine->seal({certificate, certificate.fingerprint(), "text", true, kNow}).error().code ==
        ErrorCode::openpgp_unavailable);
}

TEST_CASE("what is no usable secret key opens no engine") {
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const auto key = maker->generate({KeyKind::ed25519_cv25519, "server", kNow}).value();
  CHECK(openpgp::rnp::RnpOpenPgp::open(key.secret_key));
  for (const ByteView bytes : {ByteView(key.certificate), as_bytes("garbage"), as_bytes("-----BEGIN PGP")}) {
    CHECK(openpgp::rnp::RnpOpenPgp::open(Secret(bytes)).error().code == ErrorCode::certificate_refused);
  }
  const auto other = maker->generate({KeyKind::ed25519_cv25519, "server", kNow}).value();
  Bytes both(key.secret_key.reveal().begin(), key.secret_key.reveal().end());
  append(both, other.secret_key.reveal());
  CHECK(openpgp::rnp::RnpOpenPgp::open(Secret(both)).error().code == ErrorCode::certificate_refused);
  for (std::size_t size = 1; size < key.secret_key.size(); size += 7) {
    const auto cut = openpgp::rnp::RnpOpenPgp::open(Secret(key.secret_key.reveal().first(size)));
    if (cut) CHECK((*cut)->sign("text", kNow));  // cut between two packets: the primary alone signs
  }
}

TEST_CASE("S60 a generated key has the profile that was asked for") {
  const auto engine = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  struct Row {
    KeyKind kind;
    const char* primary;
    const char* subkey;
  };
  constexpr Row kRows[] = {{KeyKind::ed25519_cv25519, "ed25519", "cv25519"},
                           {KeyKind::rsa2048, "rsa2048", "rsa2048"},
                           {KeyKind::nistp256, "nistp256", "nistp256"},
                           {KeyKind::nistp384, "nistp384", "nistp384"},
                           {KeyKind::nistp521, "nistp521", "nistp521"}};
  for (const Row& row : kRows) {
    INFO(row.primary);
    const auto key = engine->generate({row.kind, "auth.example.org", kNow}).value();
    const auto certificate =
        openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax).value();
    CHECK(certificate.fingerprint() == key.fingerprint);
    const auto facts = engine->inspect(certificate, kNow).value();
    CHECK(judge_certificate(facts, kNow));
    CHECK(facts.user_ids == std::vector<std::string>{"auth.example.org"});
    CHECK(facts.primary.algorithm == row.primary);
    CHECK(facts.primary.created_at == kNow);
    CHECK_FALSE(facts.primary.expires_at);
    CHECK((facts.primary.can_certify && facts.primary.can_sign && !facts.primary.can_encrypt));
    REQUIRE(facts.subkeys.size() == 1);
    CHECK(facts.subkeys[0].algorithm == row.subkey);
    CHECK_FALSE(facts.subkeys[0].expires_at);
    CHECK((facts.subkeys[0].can_encrypt && !facts.subkeys[0].can_sign));
    CHECK(openpgp::gate::admit_certificate(key.secret_key.reveal_text(), openpgp::gate::kCertificateReadBytesMax)
              .error()
              .code == ErrorCode::secret_key_handed_in);
    const auto server = openpgp::rnp::RnpOpenPgp::open(key.secret_key).value();
    const auto signature = openpgp::gate::admit_signature(server->sign("text\n", kNow + kDay).value()).value();
    CHECK(is_strong_hash(signature.hash_algorithm()));
    CHECK(signature.created_at() == kNow + kDay);
    CHECK(signature.issuer() == key.fingerprint);
    CHECK(accept_signature(*engine, certificate, "text\n", signature, SignatureForm::detached,
                           {kNow + kDay, kNow + kDay}, kNow + kDay));
  }
}

TEST_CASE("RSA 3072 and 4096 keys are generated in their size", "[.long]") {
  const auto engine = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  for (const auto& [kind, name] : {std::pair{KeyKind::rsa3072, "rsa3072"}, std::pair{KeyKind::rsa4096, "rsa4096"}}) {
    const auto key = engine->generate({kind, "server", kNow}).value();
    const auto certificate =
        openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax).value();
    CHECK(engine->inspect(certificate, kNow)->primary.algorithm == name);
  }
}

TEST_CASE("the server's key signs before its time for nobody") {
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const auto server =
      openpgp::rnp::RnpOpenPgp::open(maker->generate({KeyKind::nistp256, "server", kNow})->secret_key).value();
  CHECK(server->sign("text", kNow - kDay).error().code == ErrorCode::openpgp_unavailable);
  CHECK(server->sign("text", kNow));
}

TEST_CASE("nothing is encrypted to a key that the certificate does not hold or that does not encrypt") {
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const auto server =
      openpgp::rnp::RnpOpenPgp::open(maker->generate({KeyKind::nistp256, "server", kNow})->secret_key).value();
  const auto key = maker->generate({KeyKind::ed25519_cv25519, "Alice", kNow}).value();
  const auto certificate =
      openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax).value();
  const auto facts = maker->inspect(certificate, kNow).value();
  CHECK(server->seal({certificate, facts.subkeys.at(0).fingerprint, "text", true, kNow}));
  CHECK_FALSE(server->seal({certificate, facts.primary.fingerprint, "text", true, kNow}));
  CHECK_FALSE(server->seal({certificate, Fingerprint(), "text", true, kNow}));
}

TEST_CASE("a parsed certificate is kept until the next date at which anything in it changes") {
  openpgp::rnp::CertificateCache cache(10);
  const ForgedKey key(kNow - kDay);
  const openpgp::gate::GatedCertificate certificate = certificate_of(key, 3 * kDay);
  const auto address_at = [&](Instant now) { return cache.borrow(certificate, now).value().operator->(); };
  const auto* const first = address_at(kNow);
  CHECK(cache.size() == 1);
  CHECK(address_at(kNow + kDay) == first);
  CHECK(address_at(kNow - kDay) == first);
  CHECK(cache.size() == 1);
  {
    const auto now = cache.borrow(certificate, kNow).value();
    CHECK(now->holds_at(kNow + 2 * kDay - Seconds(1)));
    CHECK_FALSE(now->holds_at(kNow + 2 * kDay));
    CHECK_FALSE(now->holds_at(kNow - kDay - Seconds(1)));
  }
  CHECK(cache.borrow(certificate, kNow + 2 * kDay).value()->holds_at(kNow + 200 * kDay));
  CHECK(cache.size() == 1);  // the outdated one is gone
}

TEST_CASE("two who want the same certificate at once get two") {
  openpgp::rnp::CertificateCache cache(10);
  const ForgedKey key(kNow - kDay);
  const openpgp::gate::GatedCertificate certificate = certificate_of(key);
  {
    const auto one = cache.borrow(certificate, kNow).value();
    const auto two = cache.borrow(certificate, kNow).value();
    CHECK(one.operator->() != two.operator->());
    CHECK(cache.size() == 0);
  }
  CHECK(cache.size() == 2);
}

TEST_CASE("the cache is bounded and lets the one go that lay longest") {
  openpgp::rnp::CertificateCache cache(3);
  std::vector<openpgp::gate::GatedCertificate> certificates;
  for (int i = 0; i < 4; ++i) certificates.push_back(certificate_of(ForgedKey(kNow - kDay)));
  std::vector<const openpgp::rnp::ParsedCertificate*> seen;
  for (const auto& each : certificates) seen.push_back(cache.borrow(each, kNow).value().operator->());
  CHECK(cache.size() == 3);
  CHECK(cache.borrow(certificates[3], kNow).value().operator->() == seen[3]);
  CHECK(cache.borrow(certificates[1], kNow).value().operator->() == seen[1]);
  CHECK(cache.size() == 3);
}

TEST_CASE("any thread may ask at any time") {
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const auto server =
      openpgp::rnp::RnpOpenPgp::open(maker->generate({KeyKind::ed25519_cv25519, "server", kNow})->secret_key).value();
  const auto key = maker->generate({KeyKind::ed25519_cv25519, "Alice", kNow}).value();
  const auto recipient =
      openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax).value();
  const Fingerprint encryption = maker->inspect(recipient, kNow)->subkeys.at(0).fingerprint;
  const ForgedKey signer(kNow - kDay);
  const openpgp::gate::GatedCertificate certificate = certificate_of(signer);
  const openpgp::gate::GatedSignature signature = signature_of(signer, "text");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const auto facts = server->verify(certificate, as_bytes("text"), signature, kNow);
        const bool verified = facts && facts->valid;
        const bool sealed = server->seal({recipient, encryption, "text", true, kNow}).has_value();
        const bool inspected = server->inspect(recipient, kNow + round * kDay).has_value();
        if (verified && sealed && inspected) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 80);
}
