// Decisions that wait for each other share a commit.
#include "auth/records/audit.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/audit_book.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

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
Waited commit_at_once(AuditBook& book, FaultyMedium& medium, const std::vector<storage::Batch>& batches) {
  records::Audit audit(medium, book.seal, *book.floor, "server");
  must(audit.commit({}, AuditBook::entry("so that the end of the chain is known")));
  std::vector<std::string> outcomes(batches.size());
  std::vector<std::thread> threads;
  medium.interfere(1, [&] {
    for (std::size_t i = 0; i < batches.size(); ++i) {
      threads.emplace_back(
          [&, i] { outcomes[i] = outcome(audit.commit(batches[i], AuditBook::entry(std::to_string(i)))); });
      wait_until([&] { return audit.waiting() == i + 2; });
    }
  });
  const std::size_t before = medium.calls();
  must(audit.commit({}, AuditBook::entry("first")));
  for (std::thread& thread : threads) thread.join();
  CHECK(audit.waiting() == 0);
  CHECK(book.faults().empty());
  return {std::move(outcomes), medium.calls() - before - 1};
}

}  // namespace

TEST_CASE("decisions that wait share a commit and each is on record in the order they came") {
  AuditBook book;
  FaultyMedium medium(book.medium);
  const auto waited = commit_at_once(book, medium, {putting("a"), putting("b"), putting("c"), putting("a")});
  CHECK(waited.outcomes == std::vector<std::string>{"ok", "ok", "ok", "ok"});
  CHECK(waited.commits == 1);
  for (const char* name : {"a", "b", "c"}) CHECK(text_of(book.medium, name) == "1");
  const auto records = must(book.audit->list("server", 0, 4));
  for (std::size_t i = 0; i < 4; ++i) CHECK(records.at(i).entry.detail == std::to_string(i));
}

TEST_CASE("a decision that requires what another changes is not joined to it and sees its change") {
  AuditBook book;
  FaultyMedium medium(book.medium);
  storage::Batch once = putting("a");
  once.require_absent("a");
  const auto waited = commit_at_once(book, medium, {once, once, putting("b")});
  CHECK(waited.outcomes == std::vector<std::string>{"ok", "conflict", "ok"});
  CHECK(must(book.audit->list("server", 0, 10)).size() == 4);
}

TEST_CASE("a decision that cannot be takes no other with it") {
  AuditBook book;
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
    AuditBook book;
    FaultyMedium inner(book.medium);
    FaultyMedium medium(static_cast<storage::Medium&>(inner));
    inner.fail_only(Calls::commits, 3, fault, Lasting::once);
    const auto waited = commit_at_once(book, medium, {putting("a"), putting("b")});
    CHECK(waited.outcomes == std::vector<std::string>{"storage_unavailable", "storage_unavailable"});
    CHECK(text_of(book.medium, "a") == (fault == Fault::after ? "1" : "<absent>"));
    CHECK(text_of(book.medium, "b") == text_of(book.medium, "a"));
    CHECK(outcome(book.audit->commit({}, AuditBook::entry("next"))) == "ok");
    CHECK(book.faults().empty());
  }
}

TEST_CASE("more decisions than one commit takes are committed all the same") {
  AuditBook book;
  FaultyMedium medium(book.medium);
  std::vector<storage::Batch> batches;
  for (int i = 0; i < 70; ++i) batches.push_back(putting("n/" + std::to_string(i)));
  const auto waited = commit_at_once(book, medium, batches);
  CHECK(std::count(waited.outcomes.begin(), waited.outcomes.end(), "ok") == 70);
  CHECK(waited.commits == 3);
}
