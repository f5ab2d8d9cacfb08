#include "auth/founding.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

struct Ground {
  std::string found(const std::string& name) {
    return outcome(found_store({name, scratch.path() / "secrets", "cli"}, medium, *engine, clock, rng));
  }
  ScratchFolder scratch;
  FakeClock clock;
  FakeRng rng;
  storage::MemoryMedium medium;
  std::unique_ptr<openpgp::OpenPgp> engine = must(openpgp::RnpOpenPgp::open(Secret()));
};

}  // namespace

TEST_CASE("a founded store opens and is on record") {
  House house;
  const auto records = must(house.auth().list_audit("server", 10));
  REQUIRE(records.size() == 1);
  CHECK(records[0].decision == "store_created");
  CHECK(records[0].entry.key == house.auth().identity().fingerprint().upper());
  CHECK(must(house.auth().verify_audit({})).faults.empty());
}

TEST_CASE("two stores of one name are two servers") {
  House one;
  House two;
  CHECK(one.auth().identity().context() != two.auth().identity().context());
  CHECK(one.auth().identity().fingerprint() != two.auth().identity().fingerprint());
}

TEST_CASE("a store is founded once and only on nothing") {
  Ground ground;
  CHECK(ground.found("https://auth.example.org") == "ok");
  CHECK(ground.found("https://auth.example.org") == "conflict");
  Ground used;
  must(put(used.medium, "a", "1"));
  CHECK(used.found("https://auth.example.org") == "conflict");
  CHECK_FALSE(std::filesystem::exists(used.scratch.path() / "secrets"));
}

TEST_CASE("a store is not founded under a name that cannot stand in a statement") {
  Ground ground;
  CHECK(ground.found("a b") == "malformed_name");
  CHECK(names_in(ground.medium, "", 9).empty());
}

TEST_CASE("without entropy no store is founded whenever it runs out") {
  for (int calls = 0;; ++calls) {
    Ground ground;
    ground.rng.run_dry_after(calls);
    const std::string result = ground.found("https://auth.example.org");
    if (result == "ok") {
      CHECK(calls >= 7);
      break;
    }
    CHECK(result == "entropy_unavailable");
    CHECK(text_of(ground.medium, "server/identity") == "<absent>");
  }
}
