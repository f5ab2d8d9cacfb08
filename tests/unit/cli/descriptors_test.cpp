#include "cli/descriptors.hpp"

#include <catch2/catch.hpp>

using countersign::cli::connections_within;

TEST_CASE("connections leave descriptors to whatever else a server opens") {
  CHECK(connections_within(1'000'000, 60, 4096) == 4096);
  CHECK(connections_within(1024, 60, 4096) == 1024 - 128 - 240);
  CHECK(connections_within(1024, 60, 100) == 100);
  // Few as they are, a quarter is for connections.
  CHECK(connections_within(256, 60, 4096) == 64);
  CHECK(connections_within(2, 60, 4096) == 1);
}
