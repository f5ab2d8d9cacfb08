#include "auth/passwords/password.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string admitted(std::string_view text) {
  return outcome(passwords::Password::admit(Secret(as_bytes(text))));
}

}  // namespace

TEST_CASE("S12 an empty password is none") {
  CHECK(admitted("") == "malformed_message");
  CHECK(admitted(" ") == "ok");
}

TEST_CASE("S20 a password has 1 to 1024 bytes") {
  CHECK(admitted("x") == "ok");
  CHECK(admitted(std::string(1024, 'x')) == "ok");
  CHECK(admitted(std::string(1025, 'x')) == "malformed_message");
  CHECK(admitted(std::string(1023, 'x') + "é") == "malformed_message");
  CHECK(admitted(std::string(1022, 'x') + "é") == "ok");
}

TEST_CASE("S20 the bytes of a password are counted in its normal form, whatever keyboard it came from") {
  const auto times = [](int count, std::string_view piece) {
    std::string text;
    for (int i = 0; i < count; ++i) text += piece;
    return text;
  };
  constexpr std::string_view kComposed = "\xc3\xa9";
  constexpr std::string_view kDecomposed = "e\xcc\x81";
  CHECK(admitted(times(512, kComposed)) == "ok");
  CHECK(admitted(times(512, kDecomposed)) == "ok");
  CHECK(admitted(times(513, kComposed)) == "malformed_message");
  CHECK(admitted(times(513, kDecomposed)) == "malformed_message");
  // U+0958 is two code points in its normal form, of three bytes each.
  CHECK(admitted(times(170, "\xe0\xa5\x98")) == "ok");
  CHECK(admitted(times(171, "\xe0\xa5\x98")) == "malformed_message");
  CHECK(admitted(times(341, "\xe0\xa5\x98")) == "malformed_message");
  // Whatever it would come to: what is larger than that is not looked at.
  CHECK(admitted(std::string((4u << 10) + 1, 'x')) == "malformed_message");
  CHECK(admitted(times(1366, kDecomposed)) == "malformed_message");
}

TEST_CASE("S20 a password is UTF-8 and has no U+0000") {
  for (const char* text : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80"}) CHECK(admitted(text) == "malformed_message");
  CHECK(admitted(std::string_view("a\0b", 3)) == "malformed_message");
}

TEST_CASE("S20 a password is the same from keyboards that compose and that do not") {
  const passwords::Password composed = password_of("caf\xc3\xa9");
  const passwords::Password decomposed = password_of("cafe\xcc\x81");
  CHECK(composed.normal().reveal_text() == decomposed.normal().reveal_text());
  CHECK(decomposed.given().reveal_text() == "cafe\xcc\x81");
  // Not the compatibility form, which would make different passwords one.
  CHECK(password_of("\xef\xac\x81").normal().reveal_text() == "\xef\xac\x81");
}
