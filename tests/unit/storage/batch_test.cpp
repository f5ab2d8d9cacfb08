// Two batches in one: the same as one after the other, whatever they require and change.
#include "storage/batch.hpp"

#include <catch2/catch.hpp>

#include "storage/memory_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::storage;
using namespace countersign::test;

namespace {

constexpr std::array kNames = {"a", "b"};

// Of one name: what is required of it, and what is done to it.
constexpr int kWays = 3 * 4;
void add_way(Batch& batch, const char* name, int way) {
  if (way % 3 == 1) batch.require_absent(name);
  if (way % 3 == 2) batch.require_version(name, Version::of(as_bytes("1")));
  if (way / 3 == 1) batch.put(name, as_bytes("1"));
  if (way / 3 == 2) batch.put(name, as_bytes("2"));
  if (way / 3 == 3) batch.erase(name);
}

std::vector<Batch> all_batches() {
  std::vector<Batch> all;
  for (int a = 0; a < kWays; ++a) {
    for (int b = 0; b < kWays; ++b) {
      Batch& batch = all.emplace_back();
      add_way(batch, kNames[0], a);
      add_way(batch, kNames[1], b);
    }
  }
  return all;
}

struct Came {
  bool done = true;  // everything
  std::map<std::string, std::string> contents;
  friend bool operator==(const Came&, const Came&) = default;
};
Came commit_in(int beginning, std::initializer_list<const Batch*> batches) {
  MemoryMedium medium;
  Batch begins;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((beginning >> i) % 2 == 1) begins.put(kNames[i], as_bytes("1"));
  }
  must(medium.commit(begins));
  Came came;
  for (const Batch* batch : batches) came.done = medium.commit(*batch).has_value() && came.done;
  came.contents = contents_of(medium);
  return came;
}

}  // namespace

TEST_CASE("two batches that can follow each other are the same in one") {
  const std::vector<Batch> all = all_batches();
  std::size_t joined = 0;
  std::vector<std::string> faults;
  for (const Batch& one : all) {
    for (const Batch& other : all) {
      if (!one.can_be_followed_by(other)) continue;
      Batch both = one;
      both.follow_with(other);
      for (int beginning = 0; beginning < 4; ++beginning) {
        ++joined;
        const Came in_turn = commit_in(beginning, {&one, &other});
        const Came at_once = commit_in(beginning, {&both});
        const bool same = in_turn.done ? at_once == in_turn : !at_once.done;
        if (!same) faults.push_back(std::to_string(&one - all.data()) + " and " + std::to_string(&other - all.data()));
      }
    }
  }
  CHECK(faults == std::vector<std::string>());
  CHECK(joined > 10'000);
}

TEST_CASE("a batch that requires what another changes cannot follow it") {
  Batch changes;
  changes.put("a", as_bytes("1"));
  for (const bool absent : {true, false}) {
    Batch requires_it;
    if (absent) requires_it.require_absent("a");
    if (!absent) requires_it.require_version("a", Version::of(as_bytes("1")));
    CHECK_FALSE(changes.can_be_followed_by(requires_it));
    CHECK(requires_it.can_be_followed_by(changes));
  }
  Batch absent;
  absent.require_absent("a");
  Batch there;
  there.require_version("a", Version::of(as_bytes("1")));
  CHECK_FALSE(absent.can_be_followed_by(there));
  CHECK(absent.can_be_followed_by(absent));
}
