// Batches, preconditions and versions: over every medium.
#include <string>

#include "tests/contract/storage/each_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;
using storage::Version;

TEST_CASE("medium: an empty batch and one of preconditions alone commit") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  CHECK(outcome(store.medium().commit(Batch())) == "ok");

  Batch absent;
  absent.require_absent("a");
  CHECK(outcome(store.medium().commit(absent)) == "ok");
  REQUIRE(put(store.medium(), "a", "x"));
  CHECK(outcome(store.medium().commit(absent)) == "conflict");
}

TEST_CASE("medium: a version is equal exactly if the bytes are those that were read") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();

  REQUIRE(put(medium, "a", "first"));
  const Version first = medium.read("a")->version;
  REQUIRE(put(medium, "a", "second"));
  const Version second = medium.read("a")->version;
  CHECK_FALSE(first == second);

  const auto guarded_put = [&](const Version& version, const std::string& text) {
    Batch batch;
    batch.require_version("a", version);
    batch.put("a", as_bytes(text));
    return medium.commit(batch);
  };
  CHECK(outcome(guarded_put(first, "stale")) == "conflict");
  CHECK(text_of(medium, "a") == "second");
  // Back to the same bytes is back to the same version, also by way of an erase.
  REQUIRE(erase(medium, "a"));
  CHECK(outcome(guarded_put(first, "from nothing")) == "conflict");
  REQUIRE(put(medium, "a", "first"));
  CHECK(medium.read("a")->version == first);
  CHECK(outcome(guarded_put(first, "third")) == "ok");
  CHECK(text_of(medium, "a") == "third");
}

TEST_CASE("S53 one precondition that does not hold leaves every change of a batch undone on every medium") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  REQUIRE(put(medium, "kept", "old"));
  REQUIRE(put(medium, "gone", "old"));
  const Version kept = medium.read("kept")->version;

  Batch batch;
  batch.require_version("kept", kept);
  batch.require_absent("gone");
  batch.put("kept", to_bytes("new"));
  batch.put("fresh", to_bytes("new"));
  batch.erase("gone");
  CHECK(outcome(medium.commit(batch)) == "conflict");
  CHECK(text_of(medium, "kept") == "old");
  CHECK(text_of(medium, "gone") == "old");
  CHECK(text_of(medium, "fresh") == "<absent>");

  REQUIRE(erase(medium, "gone"));
  CHECK(outcome(medium.commit(batch)) == "ok");
  CHECK(text_of(medium, "kept") == "new");
  CHECK(text_of(medium, "fresh") == "new");
}

TEST_CASE("medium: a precondition may speak of a name that the batch does not change") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  REQUIRE(put(medium, "account", "active"));
  const Version active = medium.read("account")->version;
  Batch login;
  login.require_version("account", active);
  login.put("session", to_bytes("s"));
  REQUIRE(outcome(medium.commit(login)) == "ok");
  REQUIRE(put(medium, "account", "revoked"));
  CHECK(outcome(medium.commit(login)) == "conflict");
}

TEST_CASE("medium: a later put or erase of a name replaces the earlier one") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Batch batch;
  batch.put("a", to_bytes("1"));
  batch.put("a", to_bytes("2"));
  batch.put("b", to_bytes("1"));
  batch.erase("b");
  batch.erase("c");
  batch.put("c", to_bytes("3"));
  REQUIRE(outcome(store.medium().commit(batch)) == "ok");
  CHECK(text_of(store.medium(), "a") == "2");
  CHECK(text_of(store.medium(), "b") == "<absent>");
  CHECK(text_of(store.medium(), "c") == "3");
}
