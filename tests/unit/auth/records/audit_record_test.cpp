#include "auth/records/audit_record.hpp"

#include <catch2/catch.hpp>

#include "storage/base/text.hpp"
#include "tests/support/audit_book.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

TEST_CASE("S66 foreign text cannot break the record it is written into") {
  AuditBook book;
  for (const std::string& foreign : {std::string("a\0b", 3), std::string("\xFF\xFE"), std::string("a\n{\"version\":1}"),
                                     std::string(20'000, 'x'), std::string("\x1B[2J")}) {
    records::AuditEntry entry = AuditBook::entry(foreign);
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
  AuditBook book;
  const std::string name = records::audit_name("server", 1);
  records::AuditRecord record{"server", 1, std::string(64, '0'), "", AuditBook::entry("")};
  record.entry.decision = static_cast<records::Decision>(250);
  storage::Batch batch;
  batch.put(name, records::close_audit_record(book.seal, name, record));
  must(book.medium.commit(batch));
  CHECK(must(book.audit->list("server", 0, 1)).front().decision == "decision-250");
}

TEST_CASE("what an entry says is read as it was written, hex or not") {
  AuditBook book;
  const std::string name = records::audit_name("server", 1);
  const std::string hex64(64, 'a');
  for (const std::string& account :
       {std::string(), hex64, std::string(64, 'A'), std::string("abc"), std::string("x")}) {
    for (const std::string& key : {std::string(), std::string(40, 'F'), std::string(40, 'f'), std::string("KEY")}) {
      records::AuditRecord record{"server", 1, hex64, "", AuditBook::entry("why")};
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
  AuditBook book;
  const std::string name = records::audit_name("server", 1);
  const Bytes bytes =
      records::close_audit_record(book.seal, name, {"server", 1, std::string(64, '0'), "", AuditBook::entry("why")});
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
