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

struct Site {
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
  Site site;
  site.live(60);
  CHECK(site.reach.looks == 4);
  CHECK(site.signer.asked == 0);
  CHECK(site.sign() == "ok");
}

TEST_CASE("a token that is pulled is noticed without a request and the key is not asked until it is back") {
  Site site;
  site.reach.there = false;
  site.live(15);
  CHECK(outcome(site.watch.state()) == "openpgp_unavailable");
  CHECK(site.sign() == "openpgp_unavailable");
  CHECK(site.signer.asked == 0);
  site.reach.there = true;
  site.live(3);
  CHECK(outcome(site.watch.state()) == "ok");
  CHECK(site.signer.asked == 1);
  CHECK(site.sign() == "ok");
}

TEST_CASE("a signature that fails makes the watch look at once and one failure with a key in reach passes") {
  Site site;
  site.signer.failure = ErrorCode::openpgp_unavailable;
  CHECK(site.sign() == "openpgp_unavailable");
  // Others may still try: it can have been an accident.
  CHECK(outcome(site.watch.state()) == "ok");
  site.signer.failure = ErrorCode::failed;
  site.live(1);
  CHECK(site.reach.looks == 1);
  CHECK(outcome(site.watch.state()) == "ok");

  site.signer.failure = ErrorCode::openpgp_unavailable;
  CHECK(site.sign() == "openpgp_unavailable");
  site.live(1);
  CHECK(outcome(site.watch.state()) == "openpgp_unavailable");
  site.signer.failure = ErrorCode::failed;
  site.live(3);
  CHECK(outcome(site.watch.state()) == "ok");
}

TEST_CASE("S31 after a wrong PIN the token is not asked again until it was pulled and put back") {
  Site site;
  site.signer.failure = ErrorCode::key_locked;
  CHECK(site.sign() == "key_locked");
  for (int i = 0; i < 10; ++i) CHECK(site.sign() == "key_locked");
  site.live(600);
  CHECK(site.signer.asked == 1);
  CHECK(outcome(site.watch.state()) == "key_locked");

  site.signer.failure = ErrorCode::failed;
  site.live(600);
  CHECK(site.signer.asked == 1);
  site.reach.there = false;
  site.live(3);
  CHECK(outcome(site.watch.state()) == "openpgp_unavailable");
  site.reach.there = true;
  site.live(3);
  CHECK(outcome(site.watch.state()) == "ok");
  CHECK(site.signer.asked == 2);
}

TEST_CASE("a refusal of what was to be sealed says nothing about the key") {
  Site site;
  site.signer.failure = ErrorCode::certificate_refused;
  CHECK(site.sign() == "certificate_refused");
  site.live(1);
  CHECK(site.reach.looks == 0);
  CHECK(outcome(site.watch.state()) == "ok");
}

TEST_CASE("a test that fails for another reason keeps the server from signing as unavailable") {
  Site site;
  site.reach.there = false;
  site.live(15);
  site.reach.there = true;
  site.signer.failure = ErrorCode::key_expired;
  site.live(3);
  CHECK(outcome(site.watch.state()) == "openpgp_unavailable");
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
