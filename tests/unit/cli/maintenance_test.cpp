#include "cli/maintenance.hpp"

#include <catch2/catch.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::cli;
using namespace countersign::test;

TEST_CASE("maintenance speaks of a failure once, of another anew, and of the first success after it") {
  Status next = ok();
  std::vector<std::string> told;
  Maintenance maintenance([&] { return next; }, [&](const Status& status) { told.push_back(outcome(status)); });
  maintenance.run();
  CHECK(told.empty());
  next = fail(ErrorCode::busy, "floor.lock");
  maintenance.run();
  maintenance.run();
  CHECK(told == std::vector<std::string>{"busy"});
  next = fail(ErrorCode::storage_unavailable, "the disk");
  maintenance.run();
  maintenance.run();
  next = ok();
  maintenance.run();
  maintenance.run();
  next = fail(ErrorCode::busy, "floor.lock");
  maintenance.run();
  CHECK(told == std::vector<std::string>{"busy", "storage_unavailable", "ok", "busy"});
}

TEST_CASE("maintenance that throws is maintenance that failed, and the next is tried") {
  int runs = 0;
  std::vector<std::string> told;
  Maintenance maintenance(
      [&]() -> Status {
        if (++runs < 3) throw std::bad_alloc();
        if (runs == 3) throw std::runtime_error("the library");
        return ok();
      },
      [&](const Status& status) { told.push_back(status ? "ok" : status.error().detail); });
  for (int i = 0; i < 5; ++i) maintenance.run();
  CHECK(runs == 5);
  CHECK(told == std::vector<std::string>{"std::bad_alloc", "the library", "ok"});
}

TEST_CASE("maintenance outlives not even being able to speak of its failure") {
  int tries = 0;
  Maintenance maintenance([] { return Status(fail(ErrorCode::busy)); },
                          [&](const Status&) {
                            ++tries;
                            throw std::bad_alloc();
                          });
  maintenance.run();
  maintenance.run();
  CHECK(tries == 2);
}
