// What is a name, and what no name may be: over every medium.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/contract/storage/each_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;

namespace {

std::string name_of_size(std::size_t size) {
  return std::string(size, 'n');
}

}  // namespace

TEST_CASE("medium: a name has 200 bytes at most") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();

  std::string deep;
  while (deep.size() < 199) deep += "a/";
  deep.resize(199);
  deep += "a";
  if (deep[198] == '/') deep[198] = 'b';
  for (const std::string& name : {name_of_size(200), deep}) {
    CAPTURE(name);
    REQUIRE(outcome(put(medium, name, "edge")) == "ok");
    CHECK(text_of(medium, name) == "edge");
    REQUIRE(outcome(put(medium, name, "again")) == "ok");
    CHECK(text_of(medium, name) == "again");
    const auto names = medium.list("", "", 10);
    CHECK(std::find(names->begin(), names->end(), name) != names->end());
    REQUIRE(erase(medium, name));
  }
  CHECK(failure_of(put(medium, name_of_size(201), "x")) == ErrorCode::malformed_name);
  CHECK(medium.read(name_of_size(201)).error().code == ErrorCode::malformed_name);
}

TEST_CASE("S23 a name that is not of the form is refused everywhere and nothing is changed") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  const std::string tricks[] = {"",
                                "/",
                                "/a",
                                "a/",
                                "a//b",
                                ".",
                                "..",
                                "../a",
                                "a/..",
                                "a/../b",
                                "a/./b",
                                "./a",
                                "A",
                                "a b",
                                "a\\b",
                                "a\nb",
                                "a%2fb",
                                "a:b",
                                "~",
                                "caf\xc3\xa9",
                                "\xff",
                                "a*",
                                std::string("a\0b", 3),
                                std::string(1, '\0'),
                                "a/b/../../../etc/passwd",
                                "C:",
                                "a\x7f",
                                "-/../x",
                                ".../..",
                                "a'b"};
  for (const std::string& name : tricks) {
    CAPTURE(name);
    CHECK(medium.read(name).error().code == ErrorCode::malformed_name);
    Batch change;
    change.put("good", to_bytes("x"));
    change.put(name, to_bytes("x"));
    CHECK(failure_of(medium.commit(change)) == ErrorCode::malformed_name);
    Batch removal;
    removal.erase(name);
    CHECK(failure_of(medium.commit(removal)) == ErrorCode::malformed_name);
    Batch precondition;
    precondition.put("good", to_bytes("x"));
    precondition.require_absent(name);
    CHECK(failure_of(medium.commit(precondition)) == ErrorCode::malformed_name);
  }
  CHECK(text_of(medium, "good") == "<absent>");
  CHECK(names_in(medium, "", 10).empty());
}

TEST_CASE("medium: odd names that are of the form are names") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  std::vector<std::string> odd = {"...",
                                  "-",
                                  "_",
                                  "--rf",
                                  ".hidden",
                                  "a/...",
                                  "journal",
                                  ".journal",
                                  "lock",
                                  ".lock",
                                  "entries",
                                  "a.new",
                                  ".tmp",
                                  "0",
                                  "z/.z/-z",
                                  ".new",
                                  "checkpoint.lock",
                                  "store.sqlite",
                                  ".countersign",
                                  ".countersign-journal"};
  for (const std::string& name : odd) {
    CAPTURE(name);
    CHECK(outcome(put(store.medium(), name, name)) == "ok");
  }
  store.reopen();
  for (const std::string& name : odd) CHECK(text_of(store.medium(), name) == name);
  std::sort(odd.begin(), odd.end());
  CHECK(names_in(store.medium(), "", 3) == odd);
}

TEST_CASE("medium: no name is the folder of another") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  REQUIRE(put(medium, "a/b/c", "deep"));

  CHECK(outcome(put(medium, "a", "x")) == "conflict");
  CHECK(outcome(put(medium, "a/b", "x")) == "conflict");
  CHECK(outcome(put(medium, "a/b/c/d", "x")) == "conflict");
  CHECK(outcome(put(medium, "a/b/c/d/e/f", "x")) == "conflict");
  Batch both;
  both.put("p", to_bytes("x"));
  both.put("p/q", to_bytes("x"));
  CHECK(outcome(medium.commit(both)) == "conflict");
  CHECK(names_in(medium, "", 10) == std::vector<std::string>{"a/b/c"});
  // A shared beginning is no folder.
  CHECK(outcome(put(medium, "a.b", "x")) == "ok");
  CHECK(outcome(put(medium, "a-b", "x")) == "ok");
  CHECK(outcome(put(medium, "a0", "x")) == "ok");
  CHECK(outcome(put(medium, "a/b.c", "x")) == "ok");
  CHECK(outcome(put(medium, "a/bb", "x")) == "ok");
}

TEST_CASE("medium: a read or a precondition of a folder or below a name finds nothing") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "a/b", "x"));
  CHECK(text_of(store.medium(), "a") == "<absent>");
  CHECK(text_of(store.medium(), "a/b/c") == "<absent>");
  CHECK(outcome(erase(store.medium(), "a")) == "ok");
  CHECK(outcome(erase(store.medium(), "a/b/c")) == "ok");
  Batch batch;
  batch.require_absent("a");
  batch.require_absent("a/b/c");
  batch.put("other", to_bytes("x"));
  CHECK(outcome(store.medium().commit(batch)) == "ok");
  CHECK(text_of(store.medium(), "a/b") == "x");
}

TEST_CASE("medium: a folder that was emptied may become a name and a name a folder") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  REQUIRE(put(medium, "a/b/c", "deep"));
  REQUIRE(put(medium, "a/b/d", "deep"));
  REQUIRE(erase(medium, "a/b/c"));
  REQUIRE(erase(medium, "a/b/d"));
  CHECK(outcome(put(medium, "a", "now a name")) == "ok");

  Batch swap;  // in one batch, either way round
  swap.erase("a");
  swap.put("a/b/c", to_bytes("deep again"));
  CHECK(outcome(medium.commit(swap)) == "ok");
  CHECK(text_of(medium, "a") == "<absent>");
  CHECK(text_of(medium, "a/b/c") == "deep again");

  Batch back;
  back.put("a", to_bytes("name again"));
  back.erase("a/b/c");
  CHECK(outcome(medium.commit(back)) == "ok");
  store.reopen();
  CHECK(text_of(store.medium(), "a") == "name again");
  CHECK(names_in(store.medium(), "", 10) == std::vector<std::string>{"a"});
}
