#include "auth/upkeep/signing_watch.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A token that is there or not, and looked for so many times.
class FakeReach final : public openpgp::KeyReach {
 public:
  Status look() override {
    ++looks;
    if (there) return ok();
    return fail(ErrorCode::openpgp_unavailable, "the token is not there");
  }
  bool there = true;
  int looks = 0;
};

// An engine whose key signs or not, and that counts how often it was asked.
class FakeSigner final : public openpgp::OpenPgp {
 public:
  Result<openpgp::CertificateFacts> inspect(const openpgp::gate::GatedCertificate&, Instant) override {
    return openpgp::CertificateFacts{};
  }
  Result<std::string> seal(const openpgp::SealRequest&) override { return sign("", kNoon); }
  Result<std::string> sign(std::string_view, Instant) override {
    ++asked;
    if (failure != ErrorCode::failed) return fail(failure, "as told");
    return std::string("signed");
  }
  Result<openpgp::SignatureFacts> verify(const openpgp::gate::GatedCertificate&, ByteView,
                                         const openpgp::gate::GatedSignature&, Instant) override {
    return openpgp::SignatureFacts{};
  }
  Result<openpgp::GeneratedKey> generate(const openpgp::KeyRequest&) override {
    return fail(ErrorCode::openpgp_unavailable);
  }
  ErrorCode failure = ErrorCode::failed;  // that is: none
  int asked = 0;
};

struct Ground {
  FakeClock clock;
  FakeReach reach;
  FakeSigner signer;
  upkeep::SigningWatch watch{signer, &reach, clock};

  std::string sign() { return outcome(watch.sign("text", kNoon)); }
  // Some seconds of a server's life.
  void live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock.pass(std::chrono::seconds(1));
      watch.look_after([](openpgp::OpenPgp& engine) -> Status {
        TRY(engine.sign("test", kNoon));
        return ok();
      });
    }
  }
};

}  // namespace

TEST_CASE("a key within reach is looked for now and then and never made to sign for it") {
  Ground ground;
  ground.live(60);
  CHECK(ground.reach.looks == 4);
  CHECK(ground.signer.asked == 0);
  CHECK(ground.sign() == "ok");
}

TEST_CASE("a token that is pulled is noticed without a request and the key is not asked until it is back") {
  Ground ground;
  ground.reach.there = false;
  ground.live(15);
  CHECK(outcome(ground.watch.state()) == "openpgp_unavailable");
  CHECK(ground.sign() == "openpgp_unavailable");
  CHECK(ground.signer.asked == 0);
  ground.reach.there = true;
  ground.live(3);
  CHECK(outcome(ground.watch.state()) == "ok");
  CHECK(ground.signer.asked == 1);
  CHECK(ground.sign() == "ok");
}

TEST_CASE("a signature that fails makes the watch look at once and one failure with a key in reach passes") {
  Ground ground;
  ground.signer.failure = ErrorCode::openpgp_unavailable;
  CHECK(ground.sign() == "openpgp_unavailable");
  // Others may still try: it can have been an accident.
  CHECK(outcome(ground.watch.state()) == "ok");
  ground.signer.failure = ErrorCode::failed;
  ground.live(1);
  CHECK(ground.reach.looks == 1);
  CHECK(outcome(ground.watch.state()) == "ok");

  ground.signer.failure = ErrorCode::openpgp_unavailable;
  CHECK(ground.sign() == "openpgp_unavailable");
  ground.live(1);
  CHECK(outcome(ground.watch.state()) == "openpgp_unavailable");
  ground.signer.failure = ErrorCode::failed;
  ground.live(3);
  CHECK(outcome(ground.watch.state()) == "ok");
}

TEST_CASE("S31 after a wrong PIN the token is not asked again until it was pulled and put back") {
  Ground ground;
  ground.signer.failure = ErrorCode::key_locked;
  CHECK(ground.sign() == "key_locked");
  for (int i = 0; i < 10; ++i) CHECK(ground.sign() == "key_locked");
  ground.live(600);
  CHECK(ground.signer.asked == 1);
  CHECK(outcome(ground.watch.state()) == "key_locked");

  ground.signer.failure = ErrorCode::failed;
  ground.live(600);
  CHECK(ground.signer.asked == 1);
  ground.reach.there = false;
  ground.live(3);
  CHECK(outcome(ground.watch.state()) == "openpgp_unavailable");
  ground.reach.there = true;
  ground.live(3);
  CHECK(outcome(ground.watch.state()) == "ok");
  CHECK(ground.signer.asked == 2);
}

TEST_CASE("a refusal of what was to be sealed says nothing about the key") {
  Ground ground;
  ground.signer.failure = ErrorCode::certificate_refused;
  CHECK(ground.sign() == "certificate_refused");
  ground.live(1);
  CHECK(ground.reach.looks == 0);
  CHECK(outcome(ground.watch.state()) == "ok");
}

TEST_CASE("a test that fails for another reason keeps the server from signing as unavailable") {
  Ground ground;
  ground.reach.there = false;
  ground.live(15);
  ground.reach.there = true;
  ground.signer.failure = ErrorCode::key_expired;
  ground.live(3);
  CHECK(outcome(ground.watch.state()) == "openpgp_unavailable");
}

TEST_CASE("without a reach there is nothing to watch") {
  FakeClock clock;
  FakeSigner signer;
  upkeep::SigningWatch watch(signer, nullptr, clock);
  signer.failure = ErrorCode::openpgp_unavailable;
  CHECK(outcome(watch.sign("text", kNoon)) == "openpgp_unavailable");
  watch.look_after([](openpgp::OpenPgp&) -> Status { return fail(ErrorCode::failed); });
  CHECK(outcome(watch.state()) == "ok");
}
