#include "storage/base/bytes.hpp"

#include <catch2/catch.hpp>

using namespace countersign;

TEST_CASE("base64url gives back what it was given") {
  for (std::size_t size = 0; size < 70; ++size) {
    Bytes bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 37 + size));
    CHECK(from_base64url(base64url(bytes)) == bytes);
    CHECK(from_base64(base64(bytes)) == bytes);
    CHECK(from_hex(hex(bytes)) == bytes);
  }
}

TEST_CASE("base64url takes the canonical form only") {
  CHECK(base64url(to_bytes("f")) == "Zg");
  CHECK_FALSE(from_base64url("Zg==").has_value());
  CHECK_FALSE(from_base64url("Zh").has_value());  // an unused bit is set
  CHECK_FALSE(from_base64url("Z").has_value());
  CHECK_FALSE(from_base64url("Z g").has_value());
  CHECK_FALSE(from_base64url("Zm9+").has_value());
}

TEST_CASE("base64 takes the canonical form only") {
  CHECK(base64(to_bytes("f")) == "Zg==");
  CHECK_FALSE(from_base64("Zg").has_value());
  CHECK_FALSE(from_base64("Zh==").has_value());
  CHECK_FALSE(from_base64("Zg==Zg==").has_value());
  CHECK_FALSE(from_base64("====").has_value());
}

TEST_CASE("hex takes pairs of digits only") {
  CHECK(hex_upper(to_bytes("\xab")) == "AB");
  CHECK_FALSE(from_hex("abc").has_value());
  CHECK_FALSE(from_hex("0g").has_value());
}
