// The instrument itself: one that never fails proves nothing.
#include "tests/support/faulty_medium.hpp"

#include <catch2/catch.hpp>

#include "storage/memory_medium.hpp"
#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;

TEST_CASE("a failure before leaves the old state and one after leaves the new") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  faulty.fail(1, Fault::before, Lasting::once);
  CHECK(outcome(put(faulty, "a", "1")) == "storage_unavailable");
  CHECK(text_of(memory, "a") == "<absent>");
  faulty.fail(1, Fault::after, Lasting::once);
  CHECK(outcome(put(faulty, "a", "1")) == "storage_unavailable");
  CHECK(text_of(memory, "a") == "1");
  CHECK(text_of(faulty, "a") == "1");
}

TEST_CASE("the n-th call fails and only that one unless it is for ever") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  faulty.fail(2, Fault::before, Lasting::once);
  CHECK(outcome(put(faulty, "a", "1")) == "ok");
  CHECK_FALSE(faulty.fired());
  CHECK(text_of(faulty, "a") == "<storage_unavailable>");
  CHECK(faulty.fired());
  CHECK(faulty.list("", "", 1).has_value());
  CHECK(faulty.calls() == 3);

  faulty.fail(2, Fault::after, Lasting::for_ever);
  CHECK(outcome(put(faulty, "b", "1")) == "ok");
  CHECK(outcome(put(faulty, "c", "1")) == "storage_unavailable");
  CHECK(outcome(put(faulty, "d", "1")) == "storage_unavailable");
  CHECK_FALSE(faulty.list("", "", 1).has_value());
  CHECK(text_of(memory, "c") == "1");
  CHECK(text_of(memory, "d") == "<absent>");
  faulty.heal();
  CHECK(outcome(put(faulty, "d", "1")) == "ok");
}

TEST_CASE("calls of one kind can be failed and the others left alone") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  faulty.fail_only(Calls::commits, 1, Fault::before, Lasting::for_ever);
  CHECK(text_of(faulty, "a") == "<absent>");
  CHECK(outcome(put(faulty, "a", "1")) == "storage_unavailable");
  CHECK(text_of(faulty, "a") == "<absent>");
  CHECK(outcome(put(faulty, "a", "1")) == "storage_unavailable");
}

TEST_CASE("a conflict stays a conflict because nothing took effect") {
  storage::MemoryMedium memory;
  REQUIRE(put(memory, "a", "1"));
  FaultyMedium faulty(memory);
  faulty.fail(1, Fault::after, Lasting::once);
  storage::Batch batch;
  batch.require_absent("a");
  CHECK(outcome(faulty.commit(batch)) == "conflict");
}

TEST_CASE("another writer can come between two calls") {
  storage::MemoryMedium memory;
  FaultyMedium faulty(memory);
  faulty.interfere(2, [&] { (void)put(memory, "a", "theirs").has_value(); });
  CHECK(text_of(faulty, "a") == "<absent>");
  storage::Batch batch;
  batch.require_absent("a");
  batch.put("a", to_bytes("mine"));
  CHECK(outcome(faulty.commit(batch)) == "conflict");
  CHECK(text_of(memory, "a") == "theirs");
}
