// A certificate that a stick brings for a key that an account has.
#include <catch2/catch.hpp>

#include "tests/support/courier_stick.hpp"
#include "tests/support/fake_courier_operations.hpp"
#include "transport/courier/courier_carrier.hpp"

using namespace countersign;
using namespace countersign::transport;
using namespace countersign::transport::courier;
using namespace countersign::test;

TEST_CASE("of a certificate that an account has already the importer is told the account, and the stick nothing") {
  FakeCourierOperations operations;
  auth::SystemRng rng;
  CourierCarrier carrier(operations, rng);
  const CourierStick stick;
  operations.answer_sessions_with(Json::object().set("held", "7E83").set("account", "e754"));
  stick.put("inbox/c.response.asc", courier_response("c"));
  auto folder = CourierFolder::open(stick.text_path());
  REQUIRE(folder.has_value());
  const auto taken = carrier.import_responses(*folder, {});
  REQUIRE(taken.has_value());
  const ImportReport& report = *taken;
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].settlement == Settlement::present);
  CHECK(name_of(report.files[0].settlement) == "present");
  CHECK(report.files[0].outcome == std::string("e754"));
  CHECK(stick.contents() == std::map<std::string, std::string>{{"inbox/done/c.response.asc", courier_response("c")}});
}
