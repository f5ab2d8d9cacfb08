#include "storage/base/json.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "storage/base/foreign_json.hpp"

using namespace countersign;

namespace {

bool refused(std::string_view text) {
  const auto json = parse_json(text);
  return !json && json.error().code == ErrorCode::malformed_json;
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("JSON that was read and is written again is the same bytes") {
  for (const char* text : {"null", "true", "0", "-1", "9223372036854775807", "-9223372036854775808", "\"\"", "[]", "{}",
                           "[1,\"a\",null,[true]]",
                           R"({"z":1,"a":{"b":[1,2,{"c":null}]},"m":"caf)"
                           "\xc3\xa9"
                           R"( \"\\\n\u001b"})"}) {
    CAPTURE(text);
    const auto json = parse_json(text);
    REQUIRE(json.has_value());
    CHECK(write_json(*json) == text);
  }
}

TEST_CASE("S72 a member that stands twice is refused in every spelling") {
  CHECK(refused(R"({"a":1,"a":2})"));
  CHECK(refused(R"({"a":1,"\u0061":2})"));
  CHECK(refused(R"({"\u0061":1,"a":1})"));
  CHECK(refused(R"({"x":{"a":1,"b":2,"a":3}})"));
  CHECK(refused(R"([{"a":1},{"a":{},"a":{}}])"));
  CHECK(refused("{\"caf\xc3\xa9\":1,\"caf\\u00e9\":2}"));
  CHECK(refused(R"({"":1,"":2})"));
  CHECK(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})").has_value());  // each object on its own
}

TEST_CASE("S72 depth over 8 is refused and depth of a million does not recurse") {
  CHECK(parse_json(nested(8, "[", "]")).has_value());
  CHECK(refused(nested(9, "[", "]")));
  CHECK(parse_json(nested(8, "{\"a\":", "}")).has_value());
  CHECK(refused(nested(9, "{\"a\":", "}")));
  CHECK(refused(nested(1'000'000, "[", "]")));
  CHECK(refused(nested(1'000'000, "{\"a\":", "}")));
  CHECK(refused(std::string(1'000'000, '[')));
  std::string mixed;
  for (int i = 0; i < 300'000; ++i) mixed += "[{\"a\":";
  CHECK(refused(mixed));
}

TEST_CASE("S72 many members and many items take no more than their time") {
  // Of what fits into a message, looked up through a set; a search through the members takes the square.
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":[]";
  text += "}";
  const auto json = parse_json(text);
  REQUIRE(json.has_value());
  CHECK(json->members()->size() == 20'000);
  CHECK(write_json(*json) == text);
}

TEST_CASE("S72 numbers are integers of 64 bits and never strings") {
  for (const char* bad :
       {"1.0", "1e3", "1E3", "-0", "-0.0", "9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "1e400", "01", "+1", "0x1", ".5", "5.", "-", "NaN", "Infinity", "1_000"}) {
    CAPTURE(bad);
    CHECK(refused(bad));
  }
  const auto json = parse_json(R"({"number":"1","text":1,"flag":"true","none":null})");
  JsonReader reader(*json);
  CHECK(reader.integer("number").error().code == ErrorCode::malformed_message);
  CHECK(reader.text("text").error().code == ErrorCode::malformed_message);
  CHECK(reader.boolean_or("flag", false).error().code == ErrorCode::malformed_message);
  CHECK(reader.text("none").error().code == ErrorCode::malformed_message);
  // Null is there, and of the wrong type for whatever is asked for.
  CHECK(reader.integer_or("none", 7).error().code == ErrorCode::malformed_message);
  CHECK(reader.text_or("none", "").error().code == ErrorCode::malformed_message);
  CHECK(reader.boolean_or("none", false).error().code == ErrorCode::malformed_message);
  CHECK(reader.secret("none").error().code == ErrorCode::malformed_message);
  CHECK(reader.take("none").is_null());
  CHECK(reader.integer_or("absent", 7) == 7);
}

TEST_CASE("a number that is none of ours is null in JSON of others, and all else is as strict") {
  for (const char* number : {"1.5", "-0", "1e3", "9223372036854775808", "1790000000.123"}) {
    CAPTURE(number);
    const std::string text = R"({"a":1,"t":)" + std::string(number) + "}";
    CHECK(refused(text));
    const auto json = parse_foreign_json(text);
    REQUIRE(json.has_value());
    CHECK(write_json(*json) == R"({"a":1,"t":null})");
  }
  for (const std::string& text : {std::string(R"({"a":1,"a":2})"), nested(9, "[", "]"), std::string("\"\xff\""),
                                  std::string("1 2"), std::string("NaN"), std::string("01")}) {
    CHECK_FALSE(parse_foreign_json(text).has_value());
  }
}

TEST_CASE("JSON with a byte order mark or U+0000 or anything but UTF-8 is refused") {
  CHECK(refused("\xef\xbb\xbf{}"));
  CHECK(refused("\xff\xfe{\0}\0"));
  CHECK(refused(std::string_view("{}\0", 3)));
  CHECK(refused(std::string_view("{}\0{}", 5)));
  CHECK(refused(std::string_view("{\"a\":1,\0", 8)));
  CHECK(refused(std::string_view("\"a\0b\"", 5)));
  CHECK(refused(R"("a\u0000b")"));
  CHECK(refused(R"({"a\u0000b":1})"));
  CHECK(refused("\"\xff\""));
  CHECK(refused("\"\xc0\x80\""));
  CHECK(refused("\"\xed\xa0\x80\""));
  CHECK(refused(R"("\ud800")"));
  CHECK(refused(R"("\udc00\ud800")"));
  CHECK(parse_json(R"("\ud83d\udd11")")->string()[0] == "\xf0\x9f\x94\x91");
}

TEST_CASE("JSON is one value and nothing after it or within it that RFC 8259 does not know") {
  for (const char* bad :
       {"",          " ",      "{",       "[1,]",     "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]",     "{} {}",
        "{}x",       "1 2",    "// c\n1", "/* c */1", "nul",        "True",  "\"a",     "\"\n\"",    "\"\t\"",
        "\"\\x41\"", "\"\\\"", "[1]]",    "{\"a\"}",  "{\"a\":}",   "{1:2}", "\x0c[]",  "\xc2\xa0[]"}) {
    CAPTURE(bad);
    CHECK(refused(bad));
  }
  CHECK(parse_json(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n").has_value());
}

TEST_CASE("S72 a member that nobody asked for is refused") {
  const auto json = parse_json(R"({"username":"alice","note":null,"extra":1})");
  JsonReader reader(*json);
  CHECK(reader.text("username") == "alice");
  CHECK(reader.text_or("purpose", "login") == "login");
  CHECK(reader.take("note").is_null());
  CHECK(reader.finish().error().code == ErrorCode::malformed_message);
  CHECK_FALSE(reader.has("purpose"));
  CHECK(reader.has("note"));
  CHECK(reader.has("extra"));
  CHECK(*reader.take("extra").integer() == 1);
  CHECK(reader.finish().has_value());
}

TEST_CASE("a reader of what is no object finds nothing and does not finish") {
  for (const char* text : {"[]", "null", "1", "\"username\""}) {
    const auto json = parse_json(text);
    JsonReader reader(*json);
    CHECK(reader.text("username").error().code == ErrorCode::malformed_message);
    CHECK(reader.finish().error().code == ErrorCode::malformed_message);
  }
  CHECK_FALSE(std::is_constructible_v<JsonReader, Json>);  // it would outlive what it reads
}

TEST_CASE("an object is built in order and a member set again keeps its place") {
  Json json = Json::object().set("b", 1).set("a", "x").set("c", true);
  json.set("b", 2);
  json.set("list", Json::array());
  json.erase("c");
  CHECK(write_json(json) == R"({"b":2,"a":"x","list":[]})");
  CHECK(write_json_indented(Json::object().set("a", 1)) == "{\n  \"a\": 1\n}");
  CHECK(json.find("a")->string()[0] == "x");
  CHECK(json.find("c") == nullptr);
  CHECK(Json(1).find("a") == nullptr);
}

TEST_CASE("text that is not UTF-8 is written with a replacement and never breaks the JSON") {
  const std::string text =
      write_json(Json(std::string("a\xff"
                                  "b\x01\x7f")));
  CHECK(parse_json(text).has_value());
}

TEST_CASE("a reader takes a time in its one form and nothing for a time that may be absent") {
  const Json json =
      parse_json(R"({"at":"2026-11-21T17:20:00Z","bad":"2026-11-21","number":1,"empty":"","null":null})").value();
  JsonReader reader(json);
  CHECK(reader.time("at").value() == parse_time("2026-11-21T17:20:00Z"));
  CHECK(reader.time_if_any("at").value() == parse_time("2026-11-21T17:20:00Z"));
  CHECK(reader.time_if_any("absent").value() == std::nullopt);
  for (const char* name : {"bad", "number", "empty", "null", "absent"}) {
    CAPTURE(name);
    CHECK(reader.time(name).error().code == ErrorCode::malformed_message);
  }
  for (const char* name : {"bad", "number", "empty", "null"}) {
    CAPTURE(name);
    CHECK(reader.time_if_any(name).error().code == ErrorCode::malformed_message);
  }
  CHECK_FALSE(JsonReader(json).finish());
}
