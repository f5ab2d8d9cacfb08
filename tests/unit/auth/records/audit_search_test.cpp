#include "auth/records/audit_search.hpp"

#include <catch2/catch.hpp>

#include "tests/support/audit_book.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AuditQuery;
using records::Decision;

namespace {

// Two writers of one store.
struct TwoBooks : AuditBook {
  TwoBooks() : cli(medium, seal, *floor, "cli") {}

  void decide(records::Audit& chain, int second, Decision decision = Decision::password_set,
              const std::string& account = alice().account()) {
    must(chain.commit({}, {decision, kNoon + Seconds(second), account, "", "", "local", ""}));
  }
  // "server 1 at 5" of each that is found.
  std::vector<std::string> found(const AuditQuery& query) {
    std::vector<std::string> all;
    for (const auto& record : must(records::search_audit(*audit, query, {})).records) {
      all.push_back(record.writer + " " + std::to_string(record.number) + " at " +
                    std::to_string((record.entry.at - kNoon).count()));
    }
    return all;
  }

  records::Audit cli;
};

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("decisions of several writers come in the order of time, and the newest are kept") {
  TwoBooks books;
  books.decide(*books.audit, 1);
  books.decide(books.cli, 2);
  books.decide(*books.audit, 3);
  books.decide(*books.audit, 4);
  books.decide(books.cli, 4);
  CHECK(books.found({}) == Found{"server 1 at 1", "cli 1 at 2", "server 2 at 3", "cli 2 at 4", "server 3 at 4"});
  AuditQuery newest;
  newest.limit = 3;
  CHECK(books.found(newest) == Found{"server 2 at 3", "cli 2 at 4", "server 3 at 4"});
  AuditQuery of_one;
  of_one.writer = "server";
  of_one.before = 3;
  CHECK(books.found(of_one) == Found{"server 1 at 1", "server 2 at 3"});
  of_one.writer = "nobody";
  CHECK(books.found(of_one).empty());
}

TEST_CASE("a chain keeps its order where the clock was set back") {
  TwoBooks books;
  books.decide(*books.audit, 50);
  books.decide(*books.audit, 10);
  books.decide(books.cli, 20);
  CHECK(books.found({}) == Found{"cli 1 at 20", "server 1 at 50", "server 2 at 10"});
}

TEST_CASE("decisions are found by account, by what they are and from a time on") {
  TwoBooks books;
  books.decide(*books.audit, 1);
  books.decide(*books.audit, 2, Decision::account_revoked);
  books.decide(books.cli, 3, Decision::account_revoked, bob().account());
  books.decide(books.cli, 4);
  AuditQuery query;
  query.account = bob().account();
  CHECK(books.found(query) == Found{"cli 1 at 3"});
  query = {};
  query.decision = "account_revoked";
  CHECK(books.found(query) == Found{"server 2 at 2", "cli 1 at 3"});
  query.limit = 1;
  CHECK(books.found(query) == Found{"cli 1 at 3"});
  query = {};
  query.since = kNoon + Seconds(2);
  CHECK(books.found(query) == Found{"server 2 at 2", "cli 1 at 3", "cli 2 at 4"});
}

TEST_CASE("what fits is found behind any number of others, page by page") {
  TwoBooks books;
  books.decide(*books.audit, 0, Decision::account_revoked);
  for (int i = 1; i <= 450; ++i) books.decide(*books.audit, i);
  AuditQuery query;
  query.decision = "account_revoked";
  CHECK(books.found(query) == Found{"server 1 at 0"});
  query = {};
  query.limit = 1000;
  CHECK(books.found(query).size() == 451);
}

TEST_CASE("a clock that was wrong for a while hides nothing of before that") {
  TwoBooks books;
  books.decide(*books.audit, 100);
  for (int i = 0; i < 300; ++i) books.decide(*books.audit, -86'400);
  books.decide(*books.audit, 200);
  AuditQuery query;
  query.since = kNoon;
  CHECK(books.found(query) == Found{"server 1 at 100", "server 302 at 200"});
}

TEST_CASE("a search goes on after what it had, with writers that are new") {
  TwoBooks books;
  books.decide(*books.audit, 1);
  const auto before = must(records::search_audit(*books.audit, {}, {}));
  CHECK(before.heads == std::map<std::string, std::int64_t>{{"server", 1}});
  AuditQuery query;
  query.after = before.heads;
  CHECK(books.found(query).empty());
  books.decide(books.cli, 2);
  books.decide(*books.audit, 3);
  CHECK(books.found(query) == Found{"cli 1 at 2", "server 2 at 3"});
}

TEST_CASE("a damaged decision is named, and hides none of the others") {
  TwoBooks books;
  for (int i = 1; i <= 5; ++i) books.decide(*books.audit, i);
  books.decide(books.cli, 3);
  const std::string name = records::audit_name("server", 3);
  Bytes bytes = must(storage::find(books.medium, name))->bytes;
  bytes[bytes.size() / 2] ^= 1;
  storage::Batch batch;
  batch.put(name, bytes);
  must(books.medium.commit(batch));
  const auto found = must(records::search_audit(*books.audit, {}, {}));
  CHECK(found.records.size() == 5);
  REQUIRE(found.damaged.size() == 1);
  CHECK(found.damaged[0].writer == "server");
  CHECK(found.damaged[0].number == 3);
  AuditQuery newest;
  newest.limit = 1;
  CHECK(books.found(newest) == Found{"server 5 at 5"});
}
