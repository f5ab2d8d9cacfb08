#include "transport/wormhole/spake2.hpp"

#include <catch2/catch.hpp>

#include "tests/support/fake_rng.hpp"
#include "tests/support/wormhole_vectors.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

constexpr const char* kIdentity = "tahoe-lafs.org/invite";

Spake2 begun(std::string_view password, Secret scalar) {
  return Spake2::begin(secret_text(password), kIdentity, scalar).value();
}

std::string key_of(const Spake2& ours, ByteView theirs) {
  const auto key = ours.finish(theirs);
  return key ? hex(key->reveal()) : "refused";
}

Bytes with_side(ByteView element) {
  Bytes message = {'S'};
  append(message, element);
  return message;
}

}  // namespace

TEST_CASE("a password's scalar is that of python-spake2") {
  const Json vectors = wormhole_vectors();
  for (const Json& vector : *member_of(vectors, "password_scalars").items()) {
    CHECK(hex(password_scalar(secret_of(vector, "password")).reveal()) == text_of(vector, "scalar"));
  }
}

TEST_CASE("SPAKE2 says and agrees on what python-spake2 does, from either side") {
  const Json vectors = wormhole_vectors();
  CHECK(member_of(vectors, "exchanges").items()->size() == 3);
  for (const Json& vector : *member_of(vectors, "exchanges").items()) {
    std::vector<Spake2> sides;
    for (const Json& scalar : *member_of(vector, "scalars").items()) {
      sides.push_back(Spake2::begin(secret_text(text_of(vector, "password")), text_of(vector, "identity"),
                                    Secret(from_hex(*scalar.string()).value()))
                          .value());
    }
    for (const std::size_t side : {0, 1}) {
      CHECK(hex(sides[side].message()) == *(*member_of(vector, "messages").items())[side].string());
      CHECK(key_of(sides[side], sides[1 - side].message()) == text_of(vector, "key"));
    }
  }
}

TEST_CASE("two sides agree on a key by one password, and on none by two") {
  FakeRng rng;
  const Spake2 a = begun("7-x", draw_pake_scalar(rng).value());
  const Spake2 b = begun("7-x", draw_pake_scalar(rng).value());
  const Spake2 stranger = begun("7-y", draw_pake_scalar(rng).value());
  CHECK(key_of(a, b.message()) == key_of(b, a.message()));
  CHECK(key_of(a, stranger.message()) != key_of(stranger, a.message()));
  CHECK(key_of(a, stranger.message()) != "refused");
}

TEST_CASE("the key is bound to the application") {
  FakeRng rng;
  const Secret scalar = draw_pake_scalar(rng).value();
  const Spake2 b = begun("7-x", draw_pake_scalar(rng).value());
  const auto other = Spake2::begin(secret_text("7-x"), "another", scalar);
  CHECK(other->message() == begun("7-x", scalar).message());
  CHECK(key_of(*other, b.message()) != key_of(begun("7-x", scalar), b.message()));
}

TEST_CASE("the same seed is the same scalar, and so the same message") {
  Secret seed(kScalarSeedBytes);
  std::fill(seed.writable().begin(), seed.writable().end(), std::uint8_t{7});
  CHECK(begun("7-x", pake_scalar(seed).value()).message() == begun("7-x", pake_scalar(seed).value()).message());
  FakeRng rng;
  CHECK(hex(draw_pake_scalar(rng)->reveal()) != hex(draw_pake_scalar(rng)->reveal()));
  rng.run_dry_after(0);
  CHECK_FALSE(draw_pake_scalar(rng).has_value());
}

TEST_CASE("what is no scalar begins nothing") {
  CHECK_FALSE(pake_scalar(Secret(32)).has_value());
  Secret zero(kScalarSeedBytes);
  std::fill(zero.writable().begin(), zero.writable().end(), std::uint8_t{0});
  CHECK_FALSE(pake_scalar(zero).has_value());
  Secret none(kScalarBytes);
  std::fill(none.writable().begin(), none.writable().end(), std::uint8_t{0});
  CHECK_FALSE(Spake2::begin(secret_text("7-x"), kIdentity, none).has_value());
  CHECK_FALSE(Spake2::begin(secret_text("7-x"), kIdentity, Secret(31)).has_value());
  FakeRng rng;
  CHECK_FALSE(Spake2::begin(Secret(), kIdentity, draw_pake_scalar(rng).value()).has_value());
}

TEST_CASE("a point that is not of prime order, or not in its one encoding, is refused") {
  FakeRng rng;
  const Json vectors = wormhole_vectors();
  const Spake2 ours = begun("7-x", draw_pake_scalar(rng).value());
  for (const Json& vector : *member_of(vectors, "refused").items()) {
    CAPTURE(text_of(vector, "what"));
    CHECK(key_of(ours, with_side(bytes_of(vector, "element"))) == "refused");
  }
  // So that it is not everything that is refused.
  CHECK(key_of(ours, with_side(bytes_of(vectors, "accepted"))) != "refused");
}

TEST_CASE("our own message sent back is refused") {
  FakeRng rng;
  const Spake2 ours = begun("7-x", draw_pake_scalar(rng).value());
  CHECK(key_of(ours, ours.message()) == "refused");
}

TEST_CASE("the password's own point, whose key everybody would know, is refused") {
  FakeRng rng;
  const Spake2 ours = begun("7-x", draw_pake_scalar(rng).value());
  // w S is what a side with the scalar zero would say.
  Secret one(kScalarSeedBytes);
  std::fill(one.writable().begin(), one.writable().end(), std::uint8_t{0});
  one.writable()[0] = 1;
  const Spake2 unit = begun("7-x", pake_scalar(one).value());
  CHECK(key_of(ours, unit.message()) != "refused");
  // Of the password 7-x; computed apart from this program.
  const auto mask = from_hex("7096fbe96453ec3820038ff8e22ae0365626880f8752ae8c8b8bfdbe49ec57b4");
  REQUIRE(mask.has_value());
  CHECK(key_of(ours, with_side(*mask)) == "refused");
}

TEST_CASE("a message of another length or side is refused") {
  FakeRng rng;
  const Spake2 ours = begun("7-x", draw_pake_scalar(rng).value());
  const Spake2 theirs = begun("7-x", draw_pake_scalar(rng).value());
  Bytes message(theirs.message().begin(), theirs.message().end());
  CHECK(key_of(ours, message) != "refused");
  CHECK(key_of(ours, ByteView(message).first(32)) == "refused");
  CHECK(key_of(ours, ByteView()) == "refused");
  Bytes longer = message;
  longer.push_back(0);
  CHECK(key_of(ours, longer) == "refused");
  message[0] = 'A';
  CHECK(key_of(ours, message) == "refused");
}
