#include "transport/wormhole/phase_body.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

Result<PakeMessage> pake_of(std::string_view text) {
  return parse_pake_body(as_bytes(text));
}

Result<Json> version_of(std::string_view text) {
  return parse_version_body(Secret(as_bytes(text)));
}

}  // namespace

TEST_CASE("the body of a pake is the one that magic-wormhole.rs reads") {
  const std::string message = "537631dcfd0d3ad8a04b4f51d953a145c8e8bfc780dda984794ef4fa6ee60c9f6e";
  const auto parsed = pake_of(R"({"pake_v1":")" + message + "\"}");
  REQUIRE(parsed.has_value());
  CHECK(hex(*parsed) == message);
  CHECK(to_string(pake_body(*parsed)) == R"({"pake_v1":")" + message + "\"}");
  CHECK(pake_of(R"({"pake_v2": 1.5, "pake_v1": ")" + message + "\"}").value() == *parsed);
}

TEST_CASE("a body that is no pake is refused") {
  const std::string digits(64, '0');
  for (const std::string& text :
       {std::string("{}"), std::string(R"({"pake_v1":5})"), R"({"pake_v1":")" + digits + "\"}",
        R"({"pake_v1":")" + digits + "000\"}", R"({"pake_v1":")" + digits + "0000\"}",
        R"({"pake_v1":")" + digits + "zz\"}", std::string("[]"), std::string("\xff"), std::string()}) {
    CAPTURE(text);
    CHECK_FALSE(pake_of(text).has_value());
  }
}

TEST_CASE("the version says what the application says of itself, and all else is passed over") {
  CHECK(to_string(version_body(Json::object())) == R"({"app_versions":{}})");
  CHECK(version_of(R"({"app_versions": {"a": 1}, "can-dilate": ["1"], "x": 0.5})").value() ==
        Json::object().set("a", 1));
  CHECK(version_of("{}").value() == Json::object());
  CHECK_FALSE(version_of("[]").has_value());
  CHECK_FALSE(version_of(R"({"app_versions":5})").has_value());
  CHECK_FALSE(version_of("").has_value());
}

TEST_CASE("an application's phases are numbers in one spelling") {
  CHECK(phase_number("0") == 0);
  CHECK(phase_number("17") == 17);
  CHECK(phase_number("999") == 999);
  for (const char* phase : {"", "00", "01", "-1", "+1", "1000", "1 ", "pake", "version", "99999999999999999999"}) {
    CAPTURE(phase);
    CHECK_FALSE(phase_number(phase).has_value());
  }
}
