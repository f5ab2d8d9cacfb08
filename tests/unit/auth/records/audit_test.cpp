#include "auth/records/audit.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "storage/base/hash.hpp"
#include "tests/support/audit_book.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

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
  AuditBook book;
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
    AuditBook book;
    book.write(length);
    records::Audit restarted(book.medium, book.seal, *book.floor, "server");
    must(restarted.commit({}, AuditBook::entry("")));
    CAPTURE(length);
    CHECK(must(restarted.list("server", 0, 1)).front().number == length + 1);
    CHECK(book.faults().empty());
  }
}

TEST_CASE("the newest records of each writer are listed and the oldest of them first") {
  AuditBook book;
  book.write(5);
  records::Audit other(book.medium, book.seal, *book.floor, "cli");
  must(other.commit({}, AuditBook::entry("")));
  const auto records = must(book.audit->list("", 0, 2));
  REQUIRE(records.size() == 3);
  CHECK(records[0].writer == "cli");
  CHECK(records[1].number == 4);
  CHECK(records[2].number == 5);
  CHECK(must(book.audit->list("nobody", 0, 2)).empty());
}

TEST_CASE("a changed record is found") {
  AuditBook book;
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
    AuditBook book;
    book.write(5);
    must(erase(book.medium, records::audit_name("server", number)));
    CAPTURE(number);
    CHECK_FALSE(book.faults().empty());
  }
}

TEST_CASE("a gap is one fault and what is changed behind it is found too") {
  AuditBook book;
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
  AuditBook book;
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
  AuditBook book;
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
  AuditBook book;
  book.write(5);
  must(erase(book.medium, records::audit_name("server", 5)));
  REQUIRE(book.faults().size() == 1);
  CHECK(book.faults().front().find("remembers writing") != std::string::npos);
  must(book.floor->save());
  const auto floor = must(records::Floor::load(book.floor_path(), book.seal));
  CHECK(outcome(floor->judge_medium(book.medium, 0)) == "medium_restored");
}

TEST_CASE("a chain that is gone altogether is found") {
  AuditBook book;
  book.write(2);
  for (const int number : {1, 2}) must(erase(book.medium, records::audit_name("server", number)));
  CHECK_FALSE(book.faults().empty());
}

TEST_CASE("a planted name that is no number breaks the chain and is not searched behind for ever") {
  for (const char* const planted : {"z", "-", "9", "00000000000000000005x", "99999999999999999999",
                                    "09223372036854775807", "04611686018427387904"}) {
    CAPTURE(planted);
    AuditBook book;
    book.write(5);
    must(put(book.medium, "audit/server/" + std::string(planted), "{}"));
    records::Audit restarted(book.medium, book.seal, *book.floor, "server");
    CHECK(outcome(restarted.commit({}, AuditBook::entry(""))) == "chain_broken");
    CHECK(outcome(restarted.list("server", 0, 9)) == "chain_broken");
    CHECK(outcome(restarted.heads()) == "chain_broken");
    storage::Batch batch;
    CHECK(outcome(restarted.stage_rejoined(batch, AuditBook::entry(""))) == "chain_broken");
    CHECK_FALSE(book.faults().empty());
    // Who knows the end of the chain goes on with it.
    CHECK(outcome(book.audit->commit({}, AuditBook::entry(""))) == "ok");
  }
}

TEST_CASE("a chain of which there is nothing but a planted name is broken and stops no other") {
  AuditBook book;
  book.write(1);
  must(put(book.medium, "audit/new/z", "{}"));
  CHECK(outcome(book.audit->heads()) == "chain_broken");
  CHECK(outcome(records::Audit(book.medium, book.seal, *book.floor, "new").commit({}, AuditBook::entry(""))) ==
        "chain_broken");
  CHECK(outcome(records::Audit(book.medium, book.seal, *book.floor, "server").commit({}, AuditBook::entry(""))) ==
        "ok");
  CHECK_FALSE(book.faults().empty());
}

TEST_CASE("one chain's fault does not hide another's") {
  AuditBook book;
  book.write(3);
  records::Audit other(book.medium, book.seal, *book.floor, "cli");
  for (int i = 0; i < 3; ++i) must(other.commit({}, AuditBook::entry("")));
  must(put(book.medium, records::audit_name("cli", 1), "{}"));
  must(put(book.medium, records::audit_name("server", 3), "{}"));
  const auto faults = book.faults();
  CHECK(std::count_if(faults.begin(), faults.end(), [](const auto& f) { return f.find("cli") != f.npos; }) >= 1);
  CHECK(std::count_if(faults.begin(), faults.end(), [](const auto& f) { return f.find("server") != f.npos; }) >= 1);
}

TEST_CASE("what happened is on record and what is on record happened") {
  AuditBook book;
  must(put(book.medium, "a", "1"));
  storage::Batch batch;
  batch.require_absent("a");
  batch.put("b", as_bytes("2"));
  CHECK(outcome(book.audit->commit(batch, AuditBook::entry(""))) == "conflict");
  CHECK(text_of(book.medium, "b") == "<absent>");
  CHECK(must(book.audit->list("server", 0, 10)).empty());
  storage::Batch good;
  good.put("b", as_bytes("2"));
  CHECK(outcome(book.audit->commit(good, AuditBook::entry(""))) == "ok");
  CHECK(must(book.audit->list("server", 0, 10)).size() == 1);
}

TEST_CASE("two processes of one writer chain their records and neither fails") {
  AuditBook book;
  records::Audit other(book.medium, book.seal, *book.floor, "server");
  for (int i = 0; i < 5; ++i) {
    must(book.audit->commit({}, AuditBook::entry("one")));
    must(other.commit({}, AuditBook::entry("two")));
    must(other.commit({}, AuditBook::entry("two")));
  }
  CHECK(must(book.audit->verify({})).records == 15);
  CHECK(book.faults().empty());
}

TEST_CASE("two processes of the writer cli race and the chain holds") {
  AuditBook book;
  records::Audit one(book.medium, book.seal, *book.floor, "cli");
  records::Audit two(book.medium, book.seal, *book.floor, "cli");
  std::atomic<int> written{0};
  std::vector<std::thread> threads;
  for (records::Audit* audit : {&one, &two}) {
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&written, audit] {
        for (int n = 0; n < 25; ++n) {
          const Status status = audit->commit({}, AuditBook::entry(""));
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
  AuditBook book;
  records::Audit other(book.medium, book.seal, *book.floor, "server");
  book.write(1);  // the other does not know of it
  must(put(book.medium, "a", "1"));
  storage::Batch batch;
  batch.require_absent("a");
  CHECK(outcome(other.commit(batch, AuditBook::entry(""))) == "conflict");
  CHECK(outcome(other.commit({}, AuditBook::entry(""))) == "ok");
  CHECK(book.faults().empty());
}

TEST_CASE("a chain of records in JSON, as they were before, goes on and is verified") {
  AuditBook book;
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
  AuditBook book;
  book.write(7);
  CHECK(must(book.audit->list("server", 0, 3)).front().number == 5);
  CHECK(must(book.audit->list("server", 5, 3)).front().number == 2);
  CHECK(must(book.audit->list("server", 5, 3)).back().number == 4);
  CHECK(must(book.audit->list("server", 2, 3)).size() == 1);
  CHECK(must(book.audit->list("server", 1, 3)).empty());
  CHECK(must(book.audit->list("server", 99, 3)).back().number == 7);
}
