#include "auth/upkeep/audit_archiving.hpp"
#include "tests/support/every_fault.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const Context& context_of(FaultyHouse& place) {
  return place.house.auth().roles().context;
}

Status archive(FaultyHouse& place, Instant before) {
  upkeep::AuditArchiving archiving(context_of(place), 3);
  const auto sink = [](ByteView) -> Status { return ok(); };
  const auto archived = TRY(archiving.write(before, sink, {}));
  return archiving.erase(archived, by_hand(), {});
}

}  // namespace

TEST_CASE("moving old decisions out of the store leaves a whole chain after any fault, and is done by the next run") {
  struct Scene {
    Instant before;
    std::int64_t last = 0;
  };
  at_every_fault(
      "archiving the audit record",
      [](FaultyHouse& place) {
        auto& audit = place.house.auth().roles().audit;
        for (int i = 0; i < 7; ++i) {
          must(audit.commit({}, {records::Decision::password_set, place.house.clock.now(), "", "", "", "local", ""}));
        }
        place.house.clock.pass(std::chrono::hours(1));
        must(audit.commit({}, {records::Decision::password_set, place.house.clock.now(), "", "", "", "local", ""}));
        return Scene{place.house.clock.now(), must(audit.head_of("server")).number};
      },
      [](FaultyHouse& place, Scene& scene) { return archive(place, scene.before); },
      [](FaultyHouse& place, Scene& scene, const Status&) {
        auto& audit = place.house.auth().roles().audit;
        CHECK(must(audit.verify({})).faults == std::vector<std::string>());
        const auto start = must(audit.start_of("server")).number;
        CHECK(must(audit.list("server", 0, 1000)).front().number == start + 1);
        const Status again = archive(place, scene.before);
        CHECK((again || outcome(again) == "not_found"));
        CHECK(must(audit.start_of("server")).number == scene.last - 1);
        CHECK(must(audit.verify({})).faults == std::vector<std::string>());
      });
}
