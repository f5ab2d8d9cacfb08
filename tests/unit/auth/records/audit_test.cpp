#include "auth/records/audit.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

struct Book : SealedGround {
  Book() {
    must(records::Floor::create(floor_path(), seal));
    floor = must(records::Floor::load(floor_path(), seal));
    audit = std::make_unique<records::Audit>(medium, seal, *floor, "server");
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) must(audit->commit({}, entry("")));
  }
  static records::AuditEntry entry(const std::string& detail) {
    return {
        records::Decision::account_added, kNoon, alice().account(), alice().fingerprint().upper(), "", "local", detail};
  }
  std::vector<std::string> faults() { return must(audit->verify({})).faults; }

  std::unique_ptr<records::Floor> floor;
  std::unique_ptr<records::Audit> audit;
};

storage::Batch putting(const std::string& name) {
  storage::Batch batch;
  batch.put(name, as_bytes("1"));
  return batch;
}

// What came of decisions that waited, in this order, while another was being committed.
struct Waited {
  std::vector<std::string> outcomes;
  std::size_t commits = 0;  // beside that other one
};
Waited commit_at_once(Book& book, FaultyMedium& medium, const std::vector<storage::Batch>& batches) {
  records::Audit audit(medium, book.seal, *book.floor, "server");
  must(audit.commit({}, Book::entry("so that the end of the chain is known")));
  std::vector<std::string> outcomes(batches.size());
  std::vector<std::thread> threads;
  medium.interfere(1, [&] {
    for (std::size_t i = 0; i < batches.size(); ++i) {
      threads.emplace_back([&, i] { outcomes[i] = outcome(audit.commit(batches[i], Book::entry(std::to_string(i)))); });
      wait_until([&] { return audit.waiting() == i + 2; });
    }
  });
  const std::size_t before = medium.calls();
  must(audit.commit({}, Book::entry("first")));
  for (std::thread& thread : threads) thread.join();
  CHECK(audit.waiting() == 0);
  CHECK(book.faults().empty());
  return {std::move(outcomes), medium.calls() - before - 1};
}

}  // namespace

TEST_CASE("S32 a decision is on record with who and where and when") {
  House house;
  house.add(alice());
  house.log_in(alice());
  const auto records = must(house.auth().roles().audit.list("server", 0, 10));
  REQUIRE(records.size() == 3);
  CHECK(records[0].decision == "store_created");
  CHECK(records[1].decision == "account_added");
  CHECK(records[1].entry.source == "local");
  CHECK(records[2].decision == "login_accepted");
  CHECK(records[2].entry.source == by_http().source);
  CHECK(records[2].entry.account == alice().account());
  CHECK(records[2].entry.key == alice().fingerprint().upper());
  CHECK(records[2].entry.session.size() == 32);
  CHECK(records[2].entry.at == kNoon);
}

TEST_CASE("numbers have no gaps and each record names the hash of the one before") {
  Book book;
  book.write(3);
  std::string previous(64, '0');
  for (int number = 1; number <= 3; ++number) {
    const std::string name = records::audit_name("server", number);
    const auto record = *must(records::find_audit_record(book.medium, book.seal, name));
    CHECK(record.number == number);
    CHECK(record.previous == previous);
    previous = hex(sha256(must(book.medium.read(name)).bytes));
  }
  CHECK(must(book.audit->verify({})).records == 3);
  CHECK(book.faults().empty());
}

TEST_CASE("the end of a chain of any length is found again") {
  for (const int length : {0, 1, 2, 3, 4, 7, 8, 9, 31, 100}) {
    Book book;
    book.write(length);
    records::Audit restarted(book.medium, book.seal, *book.floor, "server");
    must(restarted.commit({}, Book::entry("")));
    CAPTURE(length);
    CHECK(must(restarted.list("server", 0, 1)).front().number == length + 1);
    CHECK(book.faults().empty());
  }
}

TEST_CASE("the newest records of each writer are listed and the oldest of them first") {
  Book book;
  book.write(5);
  records::Audit other(book.medium, book.seal, *book.floor, "cli");
  must(other.commit({}, Book::entry("")));
  const auto records = must(book.audit->list("", 0, 2));
  REQUIRE(records.size() == 3);
  CHECK(records[0].writer == "cli");
  CHECK(records[1].number == 4);
  CHECK(records[2].number == 5);
  CHECK(must(book.audit->list("nobody", 0, 2)).empty());
}

TEST_CASE("a changed record is found") {
  Book book;
  book.write(5);
  const std::string name = records::audit_name("server", 3);
  const std::string text = text_of(book.medium, name);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    must(put(book.medium, name, flipped));
    CAPTURE(at);
    CHECK_FALSE(book.faults().empty());
  }
  must(put(book.medium, name, text));
  CHECK(book.faults().empty());
}

TEST_CASE("a removed record is found wherever it stood") {
  for (int number = 1; number <= 5; ++number) {
    Book book;
    book.write(5);
    must(erase(book.medium, records::audit_name("server", number)));
    CAPTURE(number);
    CHECK_FALSE(book.faults().empty());
  }
}

TEST_CASE("a gap is one fault and what is changed behind it is found too") {
  Book book;
  book.write(20);
  for (const int number : {1, 7, 8, 15}) must(erase(book.medium, records::audit_name("server", number)));
  REQUIRE(book.faults() == std::vector<std::string>{records::audit_name("server", 1) + ": missing",
                                                    records::audit_name("server", 7) + " to 8: missing",
                                                    records::audit_name("server", 15) + ": missing"});
  for (const int number : {4, 9, 18}) must(put(book.medium, records::audit_name("server", number), "{}"));
  must(put(book.medium, "audit/server/9", "{}"));
  const auto faults = book.faults();
  for (const int number : {4, 9, 18}) {
    const std::string fault = records::audit_name("server", number) + ": record_unreadable";
    CHECK(std::count(faults.begin(), faults.end(), fault) == 1);
  }
  CHECK(faults.back() == "audit/server/9: not the name of a record");
  CHECK(must(book.audit->verify({})).records == 17);
}

TEST_CASE("a record moved or copied to another number or writer is found") {
  Book book;
  book.write(5);
  const std::string three = text_of(book.medium, records::audit_name("server", 3));
  const std::string four = text_of(book.medium, records::audit_name("server", 4));
  must(put(book.medium, records::audit_name("server", 3), four));
  must(put(book.medium, records::audit_name("server", 4), three));
  CHECK(book.faults().size() >= 2);
  must(put(book.medium, records::audit_name("server", 3), three));
  must(put(book.medium, records::audit_name("server", 4), four));
  REQUIRE(book.faults().empty());
  must(put(book.medium, records::audit_name("other", 1), text_of(book.medium, records::audit_name("server", 1))));
  CHECK_FALSE(book.faults().empty());
}

TEST_CASE("a record of the right seal that does not follow is found") {
  // Another server's chain under the same secrets, as a medium that was forked would hold.
  Book book;
  book.write(3);
  const std::string name = records::audit_name("server", 2);
  auto record = *must(records::find_audit_record(book.medium, book.seal, name));
  record.previous = std::string(64, 'f');
  must(put(book.medium, name, as_text(records::close_audit_record(book.seal, name, record))));
  const auto faults = book.faults();
  REQUIRE_FALSE(faults.empty());
  CHECK(faults.front().find("does not follow") != std::string::npos);
}

TEST_CASE("a chain cut off at its end is found because the floor remembers the end") {
  Book book;
  book.write(5);
  must(erase(book.medium, records::audit_name("server", 5)));
  REQUIRE(book.faults().size() == 1);
  CHECK(book.faults().front().find("remembers writing") != std::string::npos);
  must(book.floor->save());
  const auto floor = must(records::Floor::load(book.floor_path(), book.seal));
  CHECK(outcome(floor->judge_medium(book.medium, 0)) == "medium_restored");
}

TEST_CASE("a chain that is gone altogether is found") {
  Book book;
  book.write(2);
  for (const int number : {1, 2}) must(erase(book.medium, records::audit_name("server", number)));
  CHECK_FALSE(book.faults().empty());
}

TEST_CASE("a planted name that is no number breaks the chain and is not searched behind for ever") {
  for (const char* const planted : {"z", "-", "9", "00000000000000000005x", "99999999999999999999",
                                    "09223372036854775807", "04611686018427387904"}) {
    CAPTURE(planted);
    Book book;
    book.write(5);
    must(put(book.medium, "audit/server/" + std::string(planted), "{}"));
    records::Audit restarted(book.medium, book.seal, *book.floor, "server");
    CHECK(outcome(restarted.commit({}, Book::entry(""))) == "chain_broken");
    CHECK(outcome(restarted.list("server", 0, 9)) == "chain_broken");
    CHECK(outcome(restarted.heads()) == "chain_broken");
    storage::Batch batch;
    CHECK(outcome(restarted.stage_rejoined(batch, Book::entry(""))) == "chain_broken");
    CHECK_FALSE(book.faults().empty());
    // Who knows the end of the chain goes on with it.
    CHECK(outcome(book.audit->commit({}, Book::entry(""))) == "ok");
  }
}

TEST_CASE("a chain of which there is nothing but a planted name is broken and stops no other") {
  Book book;
  book.write(1);
  must(put(book.medium, "audit/new/z", "{}"));
  CHECK(outcome(book.audit->heads()) == "chain_broken");
  CHECK(outcome(records::Audit(book.medium, book.seal, *book.floor, "new").commit({}, Book::entry(""))) ==
        "chain_broken");
  CHECK(outcome(records::Audit(book.medium, book.seal, *book.floor, "server").commit({}, Book::entry(""))) == "ok");
  CHECK_FALSE(book.faults().empty());
}

TEST_CASE("one chain's fault does not hide another's") {
  Book book;
  book.write(3);
  records::Audit other(book.medium, book.seal, *book.floor, "cli");
  for (int i = 0; i < 3; ++i) must(other.commit({}, Book::entry("")));
  must(put(book.medium, records::audit_name("cli", 1), "{}"));
  must(put(book.medium, records::audit_name("server", 3), "{}"));
  const auto faults = book.faults();
  CHECK(std::count_if(faults.begin(), faults.end(), [](const auto& f) { return f.find("cli") != f.npos; }) >= 1);
  CHECK(std::count_if(faults.begin(), faults.end(), [](const auto& f) { return f.find("server") != f.npos; }) >= 1);
}

TEST_CASE("what happened is on record and what is on record happened") {
  Book book;
  must(put(book.medium, "a", "1"));
  storage::Batch batch;
  batch.require_absent("a");
  batch.put("b", as_bytes("2"));
  CHECK(outcome(book.audit->commit(batch, Book::entry(""))) == "conflict");
  CHECK(text_of(book.medium, "b") == "<absent>");
  CHECK(must(book.audit->list("server", 0, 10)).empty());
  storage::Batch good;
  good.put("b", as_bytes("2"));
  CHECK(outcome(book.audit->commit(good, Book::entry(""))) == "ok");
  CHECK(must(book.audit->list("server", 0, 10)).size() == 1);
}

TEST_CASE("two processes of one writer chain their records and neither fails") {
  Book book;
  records::Audit other(book.medium, book.seal, *book.floor, "server");
  for (int i = 0; i < 5; ++i) {
    must(book.audit->commit({}, Book::entry("one")));
    must(other.commit({}, Book::entry("two")));
    must(other.commit({}, Book::entry("two")));
  }
  CHECK(must(book.audit->verify({})).records == 15);
  CHECK(book.faults().empty());
}

TEST_CASE("two processes of the writer cli race and the chain holds") {
  Book book;
  records::Audit one(book.medium, book.seal, *book.floor, "cli");
  records::Audit two(book.medium, book.seal, *book.floor, "cli");
  std::atomic<int> written{0};
  std::vector<std::thread> threads;
  for (records::Audit* audit : {&one, &two}) {
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&written, audit] {
        for (int n = 0; n < 25; ++n) {
          const Status status = audit->commit({}, Book::entry(""));
          written += status ? 1 : 0;
          if (!status && status.error().code != ErrorCode::busy) std::abort();
        }
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(must(book.audit->verify({})).records == written);
  CHECK(book.faults().empty());
  CHECK(written > 50);
}

TEST_CASE("a conflict of the batch is told apart from a number that was taken") {
  Book book;
  records::Audit other(book.medium, book.seal, *book.floor, "server");
  book.write(1);  // the other does not know of it
  must(put(book.medium, "a", "1"));
  storage::Batch batch;
  batch.require_absent("a");
  CHECK(outcome(other.commit(batch, Book::entry(""))) == "conflict");
  CHECK(outcome(other.commit({}, Book::entry(""))) == "ok");
  CHECK(book.faults().empty());
}

TEST_CASE("decisions that wait share a commit and each is on record in the order they came") {
  Book book;
  FaultyMedium medium(book.medium);
  const auto waited = commit_at_once(book, medium, {putting("a"), putting("b"), putting("c"), putting("a")});
  CHECK(waited.outcomes == std::vector<std::string>{"ok", "ok", "ok", "ok"});
  CHECK(waited.commits == 1);
  for (const char* name : {"a", "b", "c"}) CHECK(text_of(book.medium, name) == "1");
  const auto records = must(book.audit->list("server", 0, 4));
  for (std::size_t i = 0; i < 4; ++i) CHECK(records.at(i).entry.detail == std::to_string(i));
}

TEST_CASE("a decision that requires what another changes is not joined to it and sees its change") {
  Book book;
  FaultyMedium medium(book.medium);
  storage::Batch once = putting("a");
  once.require_absent("a");
  const auto waited = commit_at_once(book, medium, {once, once, putting("b")});
  CHECK(waited.outcomes == std::vector<std::string>{"ok", "conflict", "ok"});
  CHECK(must(book.audit->list("server", 0, 10)).size() == 4);
}

TEST_CASE("a decision that cannot be takes no other with it") {
  Book book;
  must(put(book.medium, "there", "1"));
  FaultyMedium medium(book.medium);
  storage::Batch late = putting("x");
  late.require_absent("there");
  storage::Batch large;
  large.put("y", Bytes(storage::kValueBytesMax + 1));
  const auto waited = commit_at_once(book, medium, {putting("a"), late, putting("b"), large, putting("c")});
  CHECK(waited.outcomes == std::vector<std::string>{"ok", "conflict", "ok", "message_too_large", "ok"});
  CHECK(text_of(book.medium, "x") == "<absent>");
  CHECK(must(book.audit->list("server", 0, 10)).size() == 5);
}

TEST_CASE("decisions that share a commit which cannot say what came of it are all told so") {
  for (const Fault fault : {Fault::before, Fault::after}) {
    Book book;
    FaultyMedium inner(book.medium);
    FaultyMedium medium(static_cast<storage::Medium&>(inner));
    inner.fail_only(Calls::commits, 3, fault, Lasting::once);
    const auto waited = commit_at_once(book, medium, {putting("a"), putting("b")});
    CHECK(waited.outcomes == std::vector<std::string>{"storage_unavailable", "storage_unavailable"});
    CHECK(text_of(book.medium, "a") == (fault == Fault::after ? "1" : "<absent>"));
    CHECK(text_of(book.medium, "b") == text_of(book.medium, "a"));
    CHECK(outcome(book.audit->commit({}, Book::entry("next"))) == "ok");
    CHECK(book.faults().empty());
  }
}

TEST_CASE("more decisions than one commit takes are committed all the same") {
  Book book;
  FaultyMedium medium(book.medium);
  std::vector<storage::Batch> batches;
  for (int i = 0; i < 70; ++i) batches.push_back(putting("n/" + std::to_string(i)));
  const auto waited = commit_at_once(book, medium, batches);
  CHECK(std::count(waited.outcomes.begin(), waited.outcomes.end(), "ok") == 70);
  CHECK(waited.commits == 3);
}

TEST_CASE("S66 foreign text cannot break the record it is written into") {
  Book book;
  for (const std::string& foreign : {std::string("a\0b", 3), std::string("\xFF\xFE"), std::string("a\n{\"version\":1}"),
                                     std::string(20'000, 'x'), std::string("\x1B[2J")}) {
    records::AuditEntry entry = Book::entry(foreign);
    entry.source = foreign;
    must(book.audit->commit({}, entry));
  }
  CHECK(book.faults().empty());
  for (const auto& record : must(book.audit->list("server", 0, 10))) {
    CHECK_FALSE(has_unprintable(record.entry.source));
    CHECK_FALSE(has_unprintable(record.entry.detail));
    CHECK(record.entry.source.size() <= 260);
  }
}

TEST_CASE("a record of a decision from a later program is still listed") {
  Book book;
  const std::string name = records::audit_name("server", 1);
  records::AuditRecord record{"server", 1, std::string(64, '0'), "", Book::entry("")};
  record.entry.decision = static_cast<records::Decision>(250);
  storage::Batch batch;
  batch.put(name, records::close_audit_record(book.seal, name, record));
  must(book.medium.commit(batch));
  CHECK(must(book.audit->list("server", 0, 1)).front().decision == "decision-250");
}

TEST_CASE("what an entry says is read as it was written, hex or not") {
  Book book;
  const std::string name = records::audit_name("server", 1);
  const std::string hex64(64, 'a');
  for (const std::string& account :
       {std::string(), hex64, std::string(64, 'A'), std::string("abc"), std::string("x")}) {
    for (const std::string& key : {std::string(), std::string(40, 'F'), std::string(40, 'f'), std::string("KEY")}) {
      records::AuditRecord record{"server", 1, hex64, "", Book::entry("why")};
      record.entry.account = account;
      record.entry.key = key;
      record.entry.session = account;
      const auto read =
          must(records::open_audit_record(book.seal, name, records::close_audit_record(book.seal, name, record)));
      CHECK(read.writer == "server");
      CHECK(read.number == 1);
      CHECK(read.previous == hex64);
      CHECK(read.decision == name_of(record.entry.decision));
      CHECK(read.entry.at == record.entry.at);
      CHECK(read.entry.account == account);
      CHECK(read.entry.key == key);
      CHECK(read.entry.session == account);
      CHECK(read.entry.source == record.entry.source);
      CHECK(read.entry.detail == "why");
    }
  }
}

TEST_CASE("S33 no part of a packed record can be changed, cut off or added") {
  Book book;
  const std::string name = records::audit_name("server", 1);
  const Bytes bytes =
      records::close_audit_record(book.seal, name, {"server", 1, std::string(64, '0'), "", Book::entry("why")});
  CHECK(records::open_audit_record(book.seal, name, bytes));
  CHECK_FALSE(records::open_audit_record(book.seal, records::audit_name("server", 2), bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    CHECK_FALSE(records::open_audit_record(book.seal, name, changed));
    CHECK_FALSE(records::open_audit_record(book.seal, name, ByteView(bytes).first(i)));
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(records::open_audit_record(book.seal, name, longer));
}

TEST_CASE("a chain of records in JSON, as they were before, goes on and is verified") {
  Book book;
  std::string previous(64, '0');
  for (int number = 1; number <= 2; ++number) {
    const std::string name = records::audit_name("server", number);
    const Bytes bytes = book.seal.close(name, Json::object()
                                                  .set("version", 1)
                                                  .set("writer", "server")
                                                  .set("number", number)
                                                  .set("previous", previous)
                                                  .set("at", format_time(kNoon))
                                                  .set("decision", "login_accepted")
                                                  .set("account", alice().account())
                                                  .set("detail", "old"));
    storage::Batch batch;
    batch.put(name, bytes);
    must(book.medium.commit(batch));
    previous = hex(sha256(bytes));
  }
  book.write(2);
  CHECK(book.faults().empty());
  const auto records = must(book.audit->list("server", 0, 10));
  REQUIRE(records.size() == 4);
  CHECK(records[0].entry.account == alice().account());
  CHECK(records[1].entry.detail == "old");
  CHECK(records[2].previous == previous);
}

TEST_CASE("the record is listed page by page from its end to its beginning") {
  Book book;
  book.write(7);
  CHECK(must(book.audit->list("server", 0, 3)).front().number == 5);
  CHECK(must(book.audit->list("server", 5, 3)).front().number == 2);
  CHECK(must(book.audit->list("server", 5, 3)).back().number == 4);
  CHECK(must(book.audit->list("server", 2, 3)).size() == 1);
  CHECK(must(book.audit->list("server", 1, 3)).empty());
  CHECK(must(book.audit->list("server", 99, 3)).back().number == 7);
}
