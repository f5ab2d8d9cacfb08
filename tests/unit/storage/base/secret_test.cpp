#include "storage/base/secret.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <type_traits>
#include <utility>

using namespace countersign;

TEST_CASE("a secret keeps what it was given and copies are their own") {
  Secret secret(to_bytes("pass phrase"));
  CHECK(secret.reveal_text() == "pass phrase");
  Secret copy = secret;
  copy.writable()[0] = 'P';
  CHECK(secret.reveal_text() == "pass phrase");
  CHECK(copy.reveal_text() == "Pass phrase");
  copy = secret;
  CHECK(copy.reveal_text() == "pass phrase");
  const Secret& same = copy;
  copy = same;  // to itself
  CHECK(copy.reveal_text() == "pass phrase");
  const Secret moved = std::move(copy);
  CHECK(moved.reveal_text() == "pass phrase");
}

TEST_CASE("a new secret is zeros and an empty one is empty") {
  const Secret zeros(std::size_t{40});
  CHECK(Bytes(zeros.reveal().begin(), zeros.reveal().end()) == Bytes(40, 0));
  CHECK(Secret().empty());
  CHECK(Secret(Bytes()).empty());
  CHECK(Secret(Secret()).reveal().empty());
}

TEST_CASE("S56 what a secret is taken from is wiped with all of its buffer") {
  std::string text = "a password that is longer than the small buffer of a string";
  const char* buffer = text.data();
  const std::size_t size = text.size();
  text.resize(10);  // the rest stays in the buffer
  REQUIRE(std::string_view(buffer + 11, 5) == "that ");
  CHECK(Secret::take(text).reveal_text() == "a password");
  CHECK(text.empty());
  REQUIRE(text.data() == buffer);  // the string still owns it, so it may be looked at
  CHECK(std::string(buffer, size) == std::string(size, '\0'));

  Bytes bytes(100, 0x42);
  const std::uint8_t* memory = bytes.data();
  CHECK(Secret::take(bytes).size() == 100);
  CHECK(bytes.empty());
  REQUIRE(bytes.data() == memory);
  CHECK(Bytes(memory, memory + 100) == Bytes(100, 0));

  std::string brief = "pin";  // in the string itself
  wipe(brief);
  CHECK(std::string(brief.data(), 3) == std::string(3, '\0'));
}

TEST_CASE("S22 a secret has no printer and no implicit conversion") {
  CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
  CHECK_FALSE(std::is_convertible_v<Secret, ByteView>);
  CHECK_FALSE(std::is_convertible_v<std::string, Secret>);
  CHECK_FALSE(std::is_convertible_v<std::size_t, Secret>);
  CHECK_FALSE(std::is_constructible_v<std::string, Secret>);
}

TEST_CASE("S21 secrets are equal only if every byte is") {
  const Bytes bytes(33, 0x5a);
  CHECK(equal_constant_time(bytes, bytes));
  CHECK(equal_constant_time({}, {}));
  CHECK_FALSE(equal_constant_time(bytes, {}));
  CHECK_FALSE(equal_constant_time(bytes, ByteView(bytes).first(32)));
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    Bytes other = bytes;
    other[i / 8] = static_cast<std::uint8_t>(other[i / 8] ^ (1u << (i % 8)));
    CHECK_FALSE(equal_constant_time(bytes, other));
  }
}
