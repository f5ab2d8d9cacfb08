#include "auth/base/log.hpp"

#include <catch2/catch.hpp>

#include "storage/base/json.hpp"

using namespace countersign::auth;

TEST_CASE("a line of the log says level and event and fields") {
  CHECK(log_line(LogFormat::text, LogLevel::warning, "refused",
                 {{"code", "challenge_expired"}, {"source", "192.0.2.7"}}) ==
        "warning refused code=challenge_expired source=192.0.2.7");
  CHECK(log_line(LogFormat::text, LogLevel::alarm, "clock", {{"state", "behind"}}) == "alarm clock state=behind");
  CHECK(log_line(LogFormat::text, LogLevel::info, "ready", {{"detail", ""}}) == "info ready");
}

TEST_CASE("S66 foreign text cannot forge a line or a field of the log") {
  const auto line = [](std::string_view text) {
    return log_line(LogFormat::text, LogLevel::info, "x", {{"a", text}, {"b", "c"}});
  };
  for (const char* text : {"1\n2026-11-21T12:00:00Z alarm forged", "1\r\nforged", "\x1B[2Jforged",
                           "\xE2\x80\xAE"
                           "forged",
                           "\xE2\x80\xA8"
                           "forged",
                           "\x9B"
                           "2J",
                           "\xFF"}) {
    const std::string written = line(text);
    CAPTURE(written);
    for (const char c : written) CHECK((c >= 0x20 && c < 0x7F));
  }
  CHECK(line("1 b=2") == "info x a=\"1 b=2\" b=c");
  CHECK(line("1\" b=2") == "info x a=\"1\\\" b=2\" b=c");
  CHECK(line("\\\" b=2") == "info x a=\"\\\\\\\" b=2\" b=c");
  CHECK(line("b=2") == "info x a=\"b=2\" b=c");
}

TEST_CASE("a value of any length makes a line of bounded length") {
  CHECK(log_line(LogFormat::text, LogLevel::info, "x", {{"a", std::string(100'000, 'a')}}).size() < 300);
}

TEST_CASE("a line of JSON has level, message and fields, and a count is a number") {
  const std::string line = log_line(LogFormat::json, LogLevel::warning, "refused",
                                    {{"code", "challenge_expired"}, {"source", "192.0.2.7"}, {"detail", ""}});
  CHECK(line == R"({"level":"warning","message":"refused","code":"challenge_expired","source":"192.0.2.7"})");
  CHECK(with_count(line, 7) ==
        R"({"level":"warning","message":"refused","code":"challenge_expired","source":"192.0.2.7","count":7})");
  CHECK(with_count("warning refused", 7) == "warning refused count=7");
}

TEST_CASE("S66 foreign text is escaped in JSON too") {
  for (const char* text : {"1\n2", "\x1B[2J", "\xE2\x80\xAE", "\xFF", "\"}, \"level\":\"alarm\""}) {
    const std::string line = log_line(LogFormat::json, LogLevel::info, "x", {{"a", text}, {"b", "c"}});
    CAPTURE(line);
    for (const char c : line) CHECK((c >= 0x20 && c < 0x7F));
    const auto json = countersign::parse_json(line);
    REQUIRE(json.has_value());
    CHECK(*json->find("level")->string() == "info");
    CHECK(*json->find("b")->string() == "c");
    CHECK(json->members()->size() == 4);
  }
}
