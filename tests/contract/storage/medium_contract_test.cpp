// What is put, read, kept and opened again: over every medium. Names, lists, batches and sharing have their own files.
#include <string>
#include <vector>

#include "tests/contract/storage/each_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;
using storage::Version;

TEST_CASE("medium: what was put is read back and is absent once erased") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();

  CHECK(text_of(medium, "users/a.pub") == "<absent>");
  REQUIRE(put(medium, "users/a.pub", "one"));
  CHECK(text_of(medium, "users/a.pub") == "one");
  REQUIRE(put(medium, "users/a.pub", "two"));
  CHECK(text_of(medium, "users/a.pub") == "two");
  REQUIRE(erase(medium, "users/a.pub"));
  CHECK(text_of(medium, "users/a.pub") == "<absent>");
  CHECK(medium.read("users/a.pub").error().code == ErrorCode::not_found);
}

TEST_CASE("medium: to erase what is absent is no failure") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  CHECK(outcome(erase(store.medium(), "nobody")) == "ok");
  CHECK(outcome(erase(store.medium(), "a/b/c")) == "ok");
}

TEST_CASE("medium: a value may be empty, hold any byte, and be 1 MiB but not a byte more") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();

  REQUIRE(put(medium, "empty", ""));
  CHECK(medium.read("empty")->bytes.empty());
  CHECK(medium.read("empty")->version == Version::of(Bytes()));
  Batch absent;
  absent.require_absent("empty");
  CHECK(outcome(medium.commit(absent)) == "conflict");

  Bytes every(256);
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<std::uint8_t>(i);
  Bytes largest(storage::kValueBytesMax, 0xa5);
  largest.back() = 0;
  Batch batch;
  batch.put("every", every);
  batch.put("largest", largest);
  REQUIRE(outcome(medium.commit(batch)) == "ok");
  store.reopen();
  CHECK(store.medium().read("every")->bytes == every);
  CHECK(store.medium().read("largest")->bytes == largest);
  CHECK(store.medium().read("empty")->bytes.empty());

  Batch excess;
  excess.put("other", to_bytes("x"));
  excess.put("excess", Bytes(storage::kValueBytesMax + 1));
  CHECK(failure_of(store.medium().commit(excess)) == ErrorCode::message_too_large);
  CHECK(text_of(store.medium(), "other") == "<absent>");
}

TEST_CASE("medium: what is kept is there after closing and opening") {
  const auto kinds = persistent_media();
  Store store(GENERATE_COPY(from_range(kinds)));
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "users/a.pub", "certificate"));
  REQUIRE(put(store.medium(), "users/b.pub", "other"));
  REQUIRE(erase(store.medium(), "users/b.pub"));
  for (int i = 0; i < 3; ++i) {
    store.reopen();
    CHECK(text_of(store.medium(), "users/a.pub") == "certificate");
    CHECK(names_in(store.medium(), "", 10) == std::vector<std::string>{"users/a.pub"});
  }
}

TEST_CASE("medium: to create over what exists is a conflict and changes nothing") {
  const auto kinds = persistent_media();
  Store store(GENERATE_COPY(from_range(kinds)));
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "a", "kept"));
  store.close();
  CHECK(outcome(create_medium(store.kind(), store.folder())) == "conflict");
  store.reopen();
  CHECK(text_of(store.medium(), "a") == "kept");
}

TEST_CASE("medium: what was never created does not open") {
  const auto kinds = persistent_media();
  const MediumKind kind = GENERATE_COPY(from_range(kinds));
  CAPTURE(name_of(kind));
  ScratchFolder scratch;
  CHECK(open_medium(kind, scratch.path()).error().code == ErrorCode::startup_refused);
  CHECK(open_medium(kind, scratch.path() / "nowhere").error().code == ErrorCode::startup_refused);
}

TEST_CASE("medium: find makes absence a value and keeps every other failure") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  CHECK_FALSE(storage::find(store.medium(), "a")->has_value());
  REQUIRE(put(store.medium(), "a", "x"));
  CHECK((*storage::find(store.medium(), "a"))->bytes == to_bytes("x"));
  CHECK(storage::find(store.medium(), "../a").error().code == ErrorCode::malformed_name);
}
