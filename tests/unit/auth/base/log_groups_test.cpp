#include "auth/base/log_groups.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace countersign::auth;
using namespace std::chrono_literals;

namespace {

const auto kLine = [](std::string_view source) { return "refused source=" + std::string(source); };

using Lines = std::vector<LogGroups::Counted>;

}  // namespace

TEST_CASE("the first line of a kind and source is written and those that follow are counted once a minute") {
  LogGroups groups;
  CHECK(groups.is_first("slow_down", "192.0.2.7", kLine, 0s));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(groups.is_first("slow_down", "192.0.2.7", kLine, 1s));
  CHECK(groups.is_first("slow_down", "192.0.2.8", kLine, 1s));
  CHECK(groups.is_first("body too large", "192.0.2.7", kLine, 1s));
  CHECK(groups.take_due(59s) == Lines());
  CHECK(groups.take_due(60s) == Lines{{"refused source=192.0.2.7", 5}});
  // It goes on, so it is counted from the first.
  CHECK_FALSE(groups.is_first("slow_down", "192.0.2.7", kLine, 70s));
  CHECK(groups.take_due(119s) == Lines());
  CHECK(groups.take_due(120s) == Lines{{"refused source=192.0.2.7", 1}});
  CHECK(groups.take_due(180s) == Lines());
  // A minute without any: the next is a first one again.
  CHECK(groups.is_first("slow_down", "192.0.2.7", kLine, 181s));
}

TEST_CASE("a count tells of the first line that it counts") {
  LogGroups groups;
  for (const char* detail : {"first", "second", "third"}) {
    const auto line = [&](std::string_view) { return std::string(detail); };
    CHECK(groups.is_first("denied", "192.0.2.7", line, 0s) == (std::string(detail) == "first"));
  }
  CHECK(groups.take_all() == Lines{{"second", 2}});
  CHECK(groups.take_all() == Lines());
}

TEST_CASE("S61 sources without number take no memory without bound and are counted together") {
  LogGroups groups;
  std::size_t written = 0;
  for (std::size_t i = 0; i < 3 * LogGroups::kGroupsMax; ++i) {
    for (const char* kind : {"slow_down", "denied"}) {
      if (groups.is_first(kind, std::to_string(i), kLine, 0s)) ++written;
    }
  }
  CHECK(written == LogGroups::kGroupsMax + 2);
  CHECK(groups.take_due(60s) == Lines{{"refused source=others", 10239}, {"refused source=others", 10239}});
  CHECK(groups.is_first("denied", "192.0.2.7", kLine, 61s));  // silent groups are forgotten
}
