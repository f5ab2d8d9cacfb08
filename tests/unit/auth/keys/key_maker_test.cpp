#include "auth/keys/key_maker.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/held_hasher.hpp"
#include "tests/support/house.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// Generates as it is told, and does all else as librnp does.
class Generating final : public openpgp::OpenPgp {
 public:
  std::function<Result<openpgp::GeneratedKey>(openpgp::OpenPgp&, const openpgp::KeyRequest&)> on_generate;

  Result<openpgp::CertificateFacts> inspect(const openpgp::gate::GatedCertificate& certificate, Instant now) override {
    return inner_->inspect(certificate, now);
  }
  Result<std::string> seal(const openpgp::SealRequest& request) override { return inner_->seal(request); }
  Result<std::string> sign(std::string_view text, Instant now) override { return inner_->sign(text, now); }
  Result<openpgp::SignatureFacts> verify(const openpgp::gate::GatedCertificate& certificate, ByteView message,
                                         const openpgp::gate::GatedSignature& signature, Instant now) override {
    return inner_->verify(certificate, message, signature, now);
  }
  Result<openpgp::GeneratedKey> generate(const openpgp::KeyRequest& request) override {
    return on_generate(*inner_, request);
  }

 private:
  std::unique_ptr<openpgp::rnp::RnpOpenPgp> inner_ = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
};

Secret packets_of(const Secret& armored) {
  Bytes packets = must(openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", armored.reveal_text()));
  return Secret::take(packets);
}

}  // namespace

TEST_CASE("S60 the key of a managed account is Ed25519 and X25519, for its name, and may be enrolled") {
  const auto engine = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  keys::KeyMaker maker(*engine);
  const keys::MadeKey made = must(maker.make("mina", password_of("correct horse"), kNoon));
  CHECK(made.checked.facts.primary.algorithm == "ed25519");
  CHECK(made.checked.encryption_key.algorithm == "cv25519");
  CHECK(made.checked.facts.user_ids == std::vector<std::string>{"mina"});
  CHECK(made.secret_key.reveal_text().starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"));
  const Secret packets = packets_of(made.secret_key);
  CHECK(outcome(openpgp::gate::check_protected(packets.reveal())) == "ok");
  CHECK(must(openpgp::gate::fingerprint_of_secret_key(packets.reveal())) == made.checked.certificate.fingerprint());
}

TEST_CASE("S59 a key that the engine did not protect goes to nobody") {
  Generating engine;
  keys::KeyMaker maker(engine);
  const auto make = [&] { return outcome(maker.make("mina", password_of("correct horse"), kNoon)); };
  engine.on_generate = [](openpgp::OpenPgp& inner, const openpgp::KeyRequest& request) {
    return inner.generate({request.kind, request.user_id, request.now});
  };
  CHECK(make() == "openpgp_unavailable");
  // The halves of two keys.
  engine.on_generate = [](openpgp::OpenPgp& inner, const openpgp::KeyRequest& request) {
    auto one = must(inner.generate(request));
    one.certificate = must(inner.generate(request)).certificate;
    return Result<openpgp::GeneratedKey>(std::move(one));
  };
  CHECK(make() == "openpgp_unavailable");
  engine.on_generate = [](openpgp::OpenPgp&, const openpgp::KeyRequest&) -> Result<openpgp::GeneratedKey> {
    return fail(ErrorCode::openpgp_unavailable, "as told");
  };
  CHECK(make() == "openpgp_unavailable");
  engine.on_generate = [](openpgp::OpenPgp& inner, const openpgp::KeyRequest& request) {
    return inner.generate(request);
  };
  CHECK(make() == "ok");
}

TEST_CASE("S12 a password that cannot protect a key makes none") {
  Generating engine;
  int asked = 0;
  engine.on_generate = [&](openpgp::OpenPgp& inner, const openpgp::KeyRequest& request) {
    ++asked;
    return inner.generate(request);
  };
  keys::KeyMaker maker(engine);
  for (const std::string& none : {std::string(256, 'p'), std::string("a\nb"), std::string("\x1b")}) {
    CHECK(outcome(keys::KeyMaker::check(password_of(none))) == "malformed_message");
    CHECK(outcome(maker.make("mina", password_of(none), kNoon)) == "malformed_message");
  }
  CHECK(asked == 0);
  CHECK(outcome(keys::KeyMaker::check(password_of(std::string(255, 'p')))) == "ok");
}

TEST_CASE("a making of keys that throws is an engine out of order and the next one works") {
  Generating engine;
  keys::KeyMaker maker(engine);
  const auto make = [&] { return outcome(maker.make("mina", password_of("correct horse"), kNoon)); };
  engine.on_generate = [](openpgp::OpenPgp&, const openpgp::KeyRequest&) -> Result<openpgp::GeneratedKey> {
    throw std::length_error("a word that is longer than what a string holds in itself");
  };
  CHECK(make() == "openpgp_unavailable");
  engine.on_generate = [](openpgp::OpenPgp& inner, const openpgp::KeyRequest& request) {
    return inner.generate(request);
  };
  CHECK(make() == "ok");
}

TEST_CASE("no more than a few callers wait for a key and whoever comes then is told at once") {
  Generating engine;
  std::atomic<int> inside{0};
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  engine.on_generate = [&](openpgp::OpenPgp&, const openpgp::KeyRequest&) -> Result<openpgp::GeneratedKey> {
    std::unique_lock lock(mutex);
    ++inside;
    opened.wait(lock, [&] { return open; });
    return fail(ErrorCode::openpgp_unavailable, "as told");
  };
  keys::KeyMaker maker(engine);
  const auto make = [&] { return outcome(maker.make("mina", password_of("correct horse"), kNoon)); };
  std::atomic<int> waited{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < keys::kKeysAtOnce + keys::kKeysWaitingMax + 3; ++i) {
    callers.emplace_back([&] {
      const std::string said = make();
      if (said == "busy") ++refused;
      if (said == "openpgp_unavailable") ++waited;
    });
  }
  wait_until([&] { return refused == 3; });
  CHECK(inside <= static_cast<int>(keys::kKeysAtOnce));
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  opened.notify_all();
  for (std::thread& caller : callers) caller.join();
  CHECK(waited == static_cast<int>(keys::kKeysAtOnce + keys::kKeysWaitingMax));
  CHECK(face_of(ErrorCode::busy) == Face::unavailable);
}
