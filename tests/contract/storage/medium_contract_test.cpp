// Every sentence of medium.hpp and batch.hpp, over every medium.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;
using storage::Medium;
using storage::Version;

namespace {

MediumKind each_medium() {
  const auto kinds = all_media();
  return GENERATE_COPY(from_range(kinds));
}

ErrorCode failure_of(const Status& status) {
  return status ? ErrorCode::failed : status.error().code;
}

std::string name_of_size(std::size_t size) {
  return std::string(size, 'n');
}

}  // namespace

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

TEST_CASE("medium: one precondition that does not hold leaves every change undone") {
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

TEST_CASE("medium: two handles on one store see each other at once") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  const auto other = store.another();
  REQUIRE(put(store.medium(), "a", "1"));
  CHECK(text_of(*other, "a") == "1");
  REQUIRE(put(*other, "a", "2"));
  CHECK(text_of(store.medium(), "a") == "2");
  REQUIRE(erase(*other, "a"));
  CHECK(names_in(store.medium(), "", 10).empty());
}

TEST_CASE("medium: of threads that race for an absent name exactly one wins") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  std::atomic<int> wins = 0;
  std::atomic<int> others = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string name = "race/" + std::to_string(round);
        Batch batch;
        batch.require_absent(name);
        batch.put(name, to_bytes(std::to_string(t)));
        const Status done = store.medium().commit(batch);
        if (done) {
          ++wins;
        } else if (done.error().code != ErrorCode::conflict) {
          ++others;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wins == kRounds);
  CHECK(others == 0);
}

TEST_CASE("medium: a counter under versions loses no increment between threads") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "counter", "0"));
  constexpr int kThreads = 3;
  constexpr int kEach = 20;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int done = 0; done < kEach;) {
        const auto entry = store.medium().read("counter");
        if (!entry) {
          ++failures;
          return;
        }
        Batch batch;
        batch.require_version("counter", entry->version);
        batch.put("counter", to_bytes(std::to_string(std::stoi(to_string(entry->bytes)) + 1)));
        const Status result = store.medium().commit(batch);
        if (result) {
          ++done;
        } else if (result.error().code != ErrorCode::conflict) {
          ++failures;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(text_of(store.medium(), "counter") == std::to_string(kThreads * kEach));
}

TEST_CASE("medium: a reader never sees half a batch in one value nor a value that was never put") {
  Store store(each_medium());
  CAPTURE(name_of(store.kind()));
  REQUIRE(put(store.medium(), "big", std::string(5000, 'a')));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!stop) {
      const std::string text = text_of(store.medium(), "big");
      if (text.size() != 5000 || text.find_first_not_of(text[0]) != std::string::npos) ++torn;
    }
  });
  for (int i = 0; i < 50; ++i) {
    const auto letter = static_cast<char>('a' + i % 26);
    if (!put(store.medium(), "big", std::string(5000, letter))) ++torn;
  }
  stop = true;
  reader.join();
  CHECK(torn == 0);
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

TEST_CASE("medium: of processes that race for an absent name exactly one wins") {
  const auto kinds = persistent_media();
  Store store(GENERATE_COPY(from_range(kinds)));
  CAPTURE(name_of(store.kind()));
  store.close();
  constexpr int kRounds = 30;
  const auto racer = [&](const std::string& mine) {
    auto medium = open_medium(store.kind(), store.folder());
    if (!medium) return 98;
    int wins = 0;
    for (int round = 0; round < kRounds; ++round) {
      const std::string name = "race/" + std::to_string(round);
      Batch batch;
      batch.require_absent(name);
      batch.put(name, as_bytes(mine));
      const Status done = (*medium)->commit(batch);
      if (done) {
        ++wins;
      } else if (done.error().code != ErrorCode::conflict) {
        return 97;
      }
    }
    return wins;
  };
  const pid_t first = in_child([&] { return racer("first"); });
  const pid_t second = in_child([&] { return racer("second"); });
  const int first_wins = wait_for(first);
  const int second_wins = wait_for(second);
  CAPTURE(first_wins, second_wins);
  CHECK(first_wins + second_wins == kRounds);

  store.reopen();
  int told_first = 0;
  for (const std::string& name : names_in(store.medium(), "race/", 100)) {
    if (text_of(store.medium(), name) == "first") ++told_first;
  }
  CHECK(told_first == first_wins);
  CHECK(names_in(store.medium(), "", 100).size() == kRounds);
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
