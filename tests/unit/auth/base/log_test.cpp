#include "auth/base/log.hpp"

#include <catch2/catch.hpp>

using namespace countersign::auth;

TEST_CASE("a line of the log says level and event and fields") {
  CHECK(log_line(LogLevel::warning, "refused", {{"code", "challenge_expired"}, {"source", "192.0.2.7"}}) ==
        "warning refused code=challenge_expired source=192.0.2.7");
  CHECK(log_line(LogLevel::alarm, "clock", {{"state", "behind"}}) == "alarm clock state=behind");
  CHECK(log_line(LogLevel::info, "ready", {{"detail", ""}}) == "info ready");
}

TEST_CASE("S66 foreign text cannot forge a line or a field of the log") {
  const auto line = [](std::string_view text) { return log_line(LogLevel::info, "x", {{"a", text}, {"b", "c"}}); };
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
  CHECK(log_line(LogLevel::info, "x", {{"a", std::string(100'000, 'a')}}).size() < 300);
}
