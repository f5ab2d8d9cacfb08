#include "transport/wormhole/keys.hpp"

#include <catch2/catch.hpp>

#include "tests/support/fake_rng.hpp"
#include "tests/support/wormhole_vectors.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

TEST_CASE("keys of a wormhole are derived as magic-wormhole derives them") {
  const Json vectors = wormhole_vectors();
  const Json& derived = member_of(vectors, "derived");
  for (const Json& vector : *member_of(derived, "purposes").items()) {
    const auto bytes = static_cast<std::size_t>(*member_of(vector, "bytes").integer());
    CHECK(hex(derive_key(secret_of(derived, "key"), text_of(vector, "purpose"), bytes).reveal()) ==
          text_of(vector, "value"));
  }
  for (const char* group : {"derived", "live"}) {
    const Json& keys = member_of(vectors, group);
    for (const Json& vector : *member_of(keys, "phases").items()) {
      CHECK(hex(phase_key(secret_of(keys, "key"), text_of(vector, "side"), text_of(vector, "phase")).reveal()) ==
            text_of(vector, "value"));
    }
  }
  const Json& live = member_of(vectors, "live");
  CHECK(hex(verifier_of(secret_of(live, "key")).reveal()) == text_of(live, "verifier"));
}

TEST_CASE("bodies that two wormhole programs exchanged open") {
  const Json vectors = wormhole_vectors();
  const Json& live = member_of(vectors, "live");
  CHECK(member_of(live, "messages").items()->size() == 3);
  for (const Json& message : *member_of(live, "messages").items()) {
    const Secret key = phase_key(secret_of(live, "key"), text_of(message, "side"), text_of(message, "phase"));
    CHECK(hex(key.reveal()) == text_of(message, "phase_key"));
    CHECK(open_body(key, bytes_of(message, "body"))->reveal_text() == text_of(message, "plaintext"));
  }
}

TEST_CASE("a body is a nonce and a secretbox") {
  const Json vectors = wormhole_vectors();
  const Json& box = member_of(vectors, "box");
  const Secret key = secret_of(box, "key");
  CHECK(hex(open_body(key, bytes_of(box, "body"))->reveal()) == text_of(box, "plaintext"));

  class NonceRng final : public auth::Rng {
   public:
    explicit NonceRng(Bytes nonce) : nonce_(std::move(nonce)) {}
    Status fill(std::span<std::uint8_t> out) override {
      REQUIRE(out.size() == nonce_.size());
      std::copy(nonce_.begin(), nonce_.end(), out.begin());
      return ok();
    }

   private:
    Bytes nonce_;
  } rng(bytes_of(box, "nonce"));
  CHECK(hex(close_body(key, bytes_of(box, "plaintext"), rng).value()) == text_of(box, "body"));
}

TEST_CASE("a body that was changed, cut or closed by another key does not open") {
  FakeRng rng;
  const Secret key = auth::random_secret(rng, 32).value();
  const Bytes body = close_body(key, as_bytes("text"), rng).value();
  CHECK(open_body(key, body)->reveal_text() == "text");
  for (std::size_t i = 0; i < body.size(); ++i) {
    Bytes changed = body;
    changed[i] ^= 1;
    CHECK_FALSE(open_body(key, changed).has_value());
    CHECK_FALSE(open_body(key, ByteView(body).first(i)).has_value());
  }
  CHECK_FALSE(open_body(auth::random_secret(rng, 32).value(), body).has_value());
  CHECK(open_body(key, close_body(key, {}, rng).value())->empty());
}

TEST_CASE("two bodies of one text differ, and without entropy there is none") {
  FakeRng rng;
  const Secret key = auth::random_secret(rng, 32).value();
  CHECK(close_body(key, as_bytes("text"), rng).value() != close_body(key, as_bytes("text"), rng).value());
  rng.run_dry_after(0);
  const auto dry = close_body(key, as_bytes("text"), rng);
  REQUIRE_FALSE(dry.has_value());
  CHECK(dry.error().code == ErrorCode::entropy_unavailable);
}
