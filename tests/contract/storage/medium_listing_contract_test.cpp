// The order and the pages of a list: over every medium.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "tests/contract/storage/each_medium.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;

TEST_CASE("medium: names are listed in byte order of the whole name") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Medium& medium = store.medium();
  // '-' 2d, '.' 2e, '/' 2f, '0' 30, '_' 5f, 'a' 61: a walk of folders in order of parts would get these wrong.
  std::vector<std::string> names = {"a-b",  "a-b/c", "a.b", "a.b/c.d", "a/b",    "a/b-c",   "a/b.c", "a/b0",  "a0",
                                    "a0/b", "a_b",   "ab",  "a/c/-",   "a/c/.x", "a/c-d/e", "a/c.d", "b",     "-",
                                    "-a/b", ".a",    "_",   "0/0",     "00",     "0-0",     "a/c0",  "a/ca/z"};
  names.erase(std::remove(names.begin(), names.end(), "a-b"), names.end());  // is a folder here
  names.erase(std::remove(names.begin(), names.end(), "a.b"), names.end());
  names.erase(std::remove(names.begin(), names.end(), "a0"), names.end());
  Batch batch;
  for (const std::string& name : names) batch.put(name, to_bytes("x"));
  REQUIRE(outcome(medium.commit(batch)) == "ok");
  std::sort(names.begin(), names.end());

  for (std::size_t page = 1; page <= names.size() + 1; ++page) CHECK(names_in(medium, "", page) == names);
  // Any prefix, also one that ends within a part, in a folder, or nowhere.
  for (const std::string& prefix : std::vector<std::string>{
           "a", "a/", "a/b", "a/c", "a/c/",  "a/c-",   "a/c.d", "a/c.d/", "a-",   "a.",  "0",  "00",  "-",
           "_", "b",  "b/",  "zz",  "a/c/-", "a/c/-x", "A",     "/",      "\xff", "a//", "..", "../", "a/.."}) {
    std::vector<std::string> expected;
    std::copy_if(names.begin(), names.end(), std::back_inserter(expected),
                 [&](const std::string& name) { return name.starts_with(prefix); });
    CAPTURE(prefix);
    for (const std::size_t page : {1u, 2u, 3u, 100u}) CHECK(names_in(medium, prefix, page) == expected);
  }
  // `after` need not be a name that exists, nor begin with the prefix.
  for (const std::string& after : std::vector<std::string>{"a", "a/", "a/b", "a/b!", "a/c/", "a/c/.", "a0", "a~", "",
                                                           "\x7f", "\xff", "-", "a-b/b", "a-b/c", "a-b/c/x"}) {
    for (const std::string& prefix : std::vector<std::string>{"", "a", "a/", "a/c", "b"}) {
      std::vector<std::string> expected;
      std::copy_if(names.begin(), names.end(), std::back_inserter(expected),
                   [&](const std::string& name) { return name.starts_with(prefix) && name > after; });
      CAPTURE(prefix, after);
      CHECK(*medium.list(prefix, after, 100) == expected);
    }
  }
}

TEST_CASE("medium: every name is visited once, over pages, until a visit says enough or fails") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  std::vector<std::string> names;
  Batch batch;
  for (int i = 1000; i < 2001; ++i) {  // two whole pages and one name
    names.push_back("n/" + std::to_string(i));
    batch.put(names.back(), to_bytes("x"));
  }
  batch.put("m", to_bytes("x"));
  batch.put("o", to_bytes("x"));
  REQUIRE(outcome(store.medium().commit(batch)) == "ok");
  std::vector<std::string> seen;
  const auto visit_until = [&](std::size_t enough, Result<bool> then) {
    seen.clear();
    return storage::visit_names(store.medium(), "n/", "", [&](const std::string& name) -> Result<bool> {
      seen.push_back(name);
      if (seen.size() == enough) return then;
      return true;
    });
  };
  const auto first = [&](std::size_t count) {
    return std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count));
  };
  CHECK(outcome(visit_until(0, true)) == "ok");
  CHECK(seen == names);
  for (const std::size_t enough : {1u, 500u, 501u, 1001u}) {
    CAPTURE(enough);
    CHECK(outcome(visit_until(enough, false)) == "ok");
    CHECK(seen == first(enough));
    CHECK(failure_of(visit_until(enough, fail(ErrorCode::record_tampered, "x"))) == ErrorCode::record_tampered);
    CHECK(seen == first(enough));
  }
  CHECK(outcome(storage::visit_names(store.medium(), "p", "", [](const std::string&) -> Result<bool> {
          return fail(ErrorCode::failed, "there is none");
        })) == "ok");
}

TEST_CASE("medium: a list ends at its limit and a limit of nothing lists nothing") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  Batch batch;
  for (int i = 100; i < 200; ++i) batch.put("n/" + std::to_string(i), to_bytes("x"));
  REQUIRE(store.medium().commit(batch));
  CHECK(store.medium().list("", "", 0)->empty());
  CHECK(store.medium().list("n/", "", 7)->size() == 7);
  CHECK(store.medium().list("n/", "n/109", 7)->front() == "n/110");
  CHECK(store.medium().list("n/", "", static_cast<std::size_t>(-1))->size() == 100);
  CHECK(store.medium().list("n/", "n/199", 7)->empty());
}
