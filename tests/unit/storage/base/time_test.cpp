#include "storage/base/time.hpp"

#include <catch2/catch.hpp>

using namespace countersign;

TEST_CASE("a time is written as RFC 3339 in UTC and read back") {
  CHECK(format_time(from_unix(0)) == "1970-01-01T00:00:00Z");
  CHECK(format_time(from_unix(1795281600)) == "2026-11-21T17:20:00Z");
  CHECK(format_time(from_unix(253402300799)) == "9999-12-31T23:59:59Z");
  CHECK(parse_time("2026-11-21T17:20:00Z") == from_unix(1795281600));
  for (std::int64_t seconds = 0; seconds < 253402300799; seconds += 86400LL * 37 + 12345) {
    CHECK(parse_time(format_time(from_unix(seconds))) == from_unix(seconds));
  }
}

TEST_CASE("nothing but that form and a real date is a time") {
  CHECK(parse_time("2024-02-29T00:00:00Z").has_value());
  CHECK(parse_time("2000-02-29T00:00:00Z").has_value());
  for (const char* bad : {"",
                          "2026-11-21",
                          "2026-11-21T17:20:00",
                          "2026-11-21t17:20:00Z",
                          "2026-11-21T17:20:00z",
                          "2026-11-21 17:20:00Z",
                          "2026-11-21T17:20:00.0Z",
                          "2026-11-21T17:20:00+00:00",
                          "2026-11-21T24:00:00Z",
                          "2026-11-21T17:60:00Z",
                          "2026-11-21T17:20:60Z",
                          "2023-02-29T00:00:00Z",
                          "2100-02-29T00:00:00Z",
                          "2026-04-31T00:00:00Z",
                          "2026-00-10T00:00:00Z",
                          "2026-13-10T00:00:00Z",
                          "2026-11-00T00:00:00Z",
                          "1969-12-31T23:59:59Z",
                          "-026-11-21T17:20:00Z",
                          "+026-11-21T17:20:00Z",
                          "2026-11-21T1 :20:00Z",
                          "2026-11-21T17:20:00Z ",
                          "02026-11-21T17:20:00Z",
                          "2026-1-21T17:20:000Z",
                          "2026-11-21T17:20:-1Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_time(bad).has_value());
  }
}
