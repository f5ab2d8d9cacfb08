#include "storage/base/percent.hpp"

#include <catch2/catch.hpp>

using namespace countersign;

TEST_CASE("what is not kept is percent-encoded, byte by byte") {
  CHECK(percent_encode("", "") == "");
  CHECK(percent_encode("azAZ09", "") == "azAZ09");
  CHECK(percent_encode("a b\r\né%", "") == "a%20b%0D%0A%C3%A9%25");
  CHECK(percent_encode("a.b/c.d", ".") == "a.b%2Fc.d");
  CHECK(percent_encode(std::string("\0\x7f", 2), "") == "%00%7F");
}

TEST_CASE("percent-encoding is decoded whole or not at all") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("a%20b%C3%a9%25") == "a bé%");
  CHECK(percent_decode("%41") == "A");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("a+b%2B", ' ') == "a b+");
  for (const char* text : {"%", "a%4", "%4", "%%41", "%G0", "%0g", "%+1", "% 1", "%-1"}) {
    INFO(text);
    CHECK_FALSE(percent_decode(text));
  }
}

TEST_CASE("every byte comes back from its percent-encoding") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(percent_decode(percent_encode(bytes, "")) == bytes);
  CHECK(percent_decode(percent_encode(bytes, "-._~")) == bytes);
}
