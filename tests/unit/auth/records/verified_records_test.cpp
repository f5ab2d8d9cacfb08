#include "auth/records/verified_records.hpp"

#include <catch2/catch.hpp>

#include "storage/memory_medium.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

Result<std::string> parse_word(const Json& json) {
  return JsonReader(json).text("word");
}

// A store with one record, and the cache before it.
struct Shelf {
  explicit Shelf(std::size_t bytes_max = 1u << 20) : records(memory, house.seal(), bytes_max) { write("a", "first"); }

  void write(const std::string& name, const std::string& word) {
    storage::Batch batch;
    batch.put(name, house.seal().close(name, Json::object().set("word", word)));
    must(memory.commit(batch));
  }
  std::string read(const std::string& name) {
    const auto view = records.view();
    REQUIRE(view);
    const auto found = view->find(name, &parse_word);
    if (!found) return std::string(name_of(found.error().code));
    return *found ? (*found)->value : "absent";
  }

  House house;
  storage::MemoryMedium memory;
  records::VerifiedRecords records;
};

}  // namespace

TEST_CASE("a record is opened once and served from memory as long as nobody commits") {
  Shelf shelf;
  for (int i = 0; i < 3; ++i) CHECK(shelf.read("a") == "first");
  CHECK(shelf.records.counts().opened == 1);
  CHECK(shelf.records.counts().served == 2);
}

TEST_CASE("what another commits is read at the next question, and what stayed as it was is not opened again") {
  Shelf shelf;
  shelf.write("b", "other");
  CHECK(shelf.read("a") == "first");
  CHECK(shelf.read("b") == "other");
  shelf.write("b", "changed");
  CHECK(shelf.read("b") == "changed");
  CHECK(shelf.read("a") == "first");
  CHECK(shelf.records.counts().compared == 1);
  CHECK(shelf.records.counts().opened == 3);
}

TEST_CASE("a name that comes and goes is seen to") {
  Shelf shelf;
  const auto is_absent = [&] { return must(shelf.records.view()->is_absent("c")); };
  CHECK(shelf.read("c") == "absent");
  CHECK(is_absent());
  CHECK(is_absent());
  shelf.write("c", "here");
  CHECK_FALSE(is_absent());
  CHECK(shelf.read("c") == "here");
  storage::Batch batch;
  batch.erase("c");
  must(shelf.memory.commit(batch));
  CHECK(is_absent());
  CHECK(shelf.read("c") == "absent");
}

TEST_CASE("a record that was tampered with is refused although it was verified before") {
  Shelf shelf;
  CHECK(shelf.read("a") == "first");
  storage::Batch batch;
  batch.put("a", shelf.house.seal().close("b", Json::object().set("word", "moved")));
  must(shelf.memory.commit(batch));
  CHECK(shelf.read("a") == "record_tampered");
  CHECK(shelf.read("a") == "record_tampered");
  shelf.write("a", "first");
  CHECK(shelf.read("a") == "first");
}

TEST_CASE("an older view serves nothing that a newer one would not") {
  Shelf shelf;
  const auto before = shelf.records.view();
  shelf.write("a", "second");
  // Read after the mark of that view, so it is as new as the store, and the next view looks again.
  CHECK((*must(before->find("a", &parse_word))).value == "second");
  shelf.write("a", "third");
  CHECK(shelf.read("a") == "third");
}

TEST_CASE("the cache keeps to its bytes, and what was used last stays") {
  Shelf shelf(4096);
  for (int i = 0; i < 50; ++i) {
    const std::string name = "n" + std::to_string(i);
    shelf.write(name, "word");
    CHECK(shelf.read(name) == "word");
    CHECK(shelf.read("a") == "first");
    CHECK(shelf.records.counts().bytes <= 4096);
  }
  const auto before = shelf.records.counts();
  CHECK(before.records > 1);
  CHECK(before.records < 10);
  CHECK(shelf.read("a") == "first");
  CHECK(shelf.records.counts().served == before.served + 1);
}

TEST_CASE("a record larger than the cache is served and not kept") {
  Shelf shelf(16);
  CHECK(shelf.read("a") == "first");
  CHECK(shelf.records.counts().records == 0);
  CHECK(shelf.records.counts().bytes == 0);
}

TEST_CASE("there is no view without a cache, or of a medium that gives no mark") {
  House house;
  storage::MemoryMedium memory;
  CHECK_FALSE(records::VerifiedRecords(memory, house.seal(), 0).view());
  FaultyMedium faulty(memory);
  records::VerifiedRecords records(faulty, house.seal(), 1u << 20);
  CHECK(records.view());
  faulty.fail(1, Fault::before, Lasting::for_ever);
  CHECK_FALSE(records.view());
}

TEST_CASE("what is kept is counted in bytes: twice its name and its record, and what tables take") {
  Shelf shelf;
  shelf.write("record", "word");
  const std::size_t bytes = 2 * std::string("record").size() + 512 + 2 * text_of(shelf.memory, "record").size();
  CHECK(shelf.read("record") == "word");
  CHECK(shelf.records.counts().bytes == bytes);
  CHECK(shelf.read("none") == "absent");
  CHECK(shelf.records.counts().bytes == bytes + 2 * 4 + 512);
  // Read again after a commit it takes the place of what was kept, and what fits exactly is kept.
  Shelf exact(bytes);
  for (int i = 0; i < 3; ++i) {
    exact.write("record", "wor" + std::to_string(i));
    CHECK(exact.read("record") == "wor" + std::to_string(i));
    CHECK(exact.records.counts().bytes == bytes);
    CHECK(exact.records.counts().records == 1);
  }
  Shelf narrow(bytes - 1);
  narrow.write("record", "word");
  CHECK(narrow.read("record") == "word");
  CHECK(narrow.records.counts().records == 0);
}
