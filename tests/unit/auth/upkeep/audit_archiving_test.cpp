#include "auth/upkeep/audit_archiving.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "auth/records/audit_record.hpp"
#include "storage/base/text.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using upkeep::AuditArchive;
using upkeep::AuditArchiving;

namespace {

constexpr auto kDay = std::chrono::hours(24);

const Context& context_of(House& house) {
  return house.auth().roles().context;
}

// A decision of the server's chain.
void decide(House& house, int count = 1) {
  for (int i = 0; i < count; ++i) {
    must(house.auth().roles().audit.commit(
        {}, {records::Decision::password_set, house.clock.now(), alice().account(), "", "", "local", "x"}));
  }
}

struct Archived {
  AuditArchive archive;
  std::string text;
};

Result<Archived> write(House& house, Instant before) {
  Archived out;
  const auto sink = [&](ByteView bytes) -> Status {
    out.text += as_text(bytes);
    return ok();
  };
  out.archive = TRY(AuditArchiving(context_of(house)).write(before, sink, {}));
  return out;
}

Archived archive(House& house, Instant before) {
  auto out = must(write(house, before));
  must(AuditArchiving(context_of(house)).erase(out.archive, by_hand(), {}));
  return out;
}

std::string verified(House& house, const std::string& text, const AuditArchive* later = nullptr) {
  std::istringstream in(text);
  return outcome(AuditArchiving(context_of(house)).verify(in, later, {}));
}

std::vector<std::string> faults(House& house) {
  return must(house.auth().roles().audit.verify({})).faults;
}

std::vector<std::int64_t> numbers(House& house) {
  std::vector<std::int64_t> out;
  for (const auto& record : must(house.auth().roles().audit.list("server", 0, 100))) out.push_back(record.number);
  return out;
}

// Ten decisions a day for three days; the first is that of the founding.
void live_three_days(House& house) {
  decide(house, 9);
  for (int day = 0; day < 2; ++day) {
    house.clock.pass(kDay);
    decide(house, 10);
  }
}

}  // namespace

TEST_CASE("old decisions move into a file, and the chain is whole on both sides and goes on") {
  House house;
  live_three_days(house);
  const auto first = archive(house, kNoon + kDay);
  CHECK(first.archive.records() == 10);
  CHECK(numbers(house).front() == 11);
  CHECK(faults(house).empty());
  CHECK(verified(house, first.text) == "ok");
  const auto second = archive(house, kNoon + 2 * kDay);
  CHECK(second.archive.chains.at(0).first == 11);
  CHECK(second.archive.chains.at(0).last == 20);
  decide(house, 2);
  CHECK(faults(house).empty());
  // The file that is not the newest leads to the one that follows.
  CHECK(verified(house, second.text) == "ok");
  CHECK(verified(house, first.text, &second.archive) == "ok");
  CHECK(verified(house, first.text) == "chain_broken");
  must(house.auth().close());
  must(house.restart());
  decide(house);
  // Another process knows of the chain only what its floor was told last, which is archived by now.
  must(house.another(house.medium(), "other"));
  CHECK(faults(house).empty());
  const auto last = must(house.auth().roles().audit.list("server", 0, 1)).front();
  CHECK(last.number == numbers(house).back());
}

TEST_CASE("an archive is on record, with what it holds") {
  House house;
  live_three_days(house);
  archive(house, kNoon + kDay);
  const auto record = must(house.auth().roles().audit.list("server", 0, 1)).front();
  CHECK(record.decision == "audit_archived");
  CHECK(record.entry.detail == "server 1 to 10");
}

TEST_CASE("the last decision of a chain always stays, and without older ones nothing is written") {
  House house;
  CHECK(outcome(write(house, kNoon + kDay)) == "not_found");
  decide(house, 3);
  CHECK(outcome(write(house, kNoon)) == "not_found");
  CHECK(archive(house, kNoon + kDay).archive.records() == 3);
  CHECK(numbers(house).front() == 4);
  CHECK(faults(house).empty());
}

TEST_CASE("each writer's chain begins where its own older ones ended") {
  House house;
  const auto other = must(house.another(house.medium(), "cli"));
  decide(house, 2);
  for (int i = 0; i < 5; ++i) {
    must(other->roles().audit.commit({}, {records::Decision::password_set, kNoon, "", "", "", "local", ""}));
  }
  house.clock.pass(kDay);
  decide(house);
  const auto archived = archive(house, kNoon + kDay);
  REQUIRE(archived.archive.chains.size() == 2);
  CHECK(archived.archive.chains[0].writer == "cli");
  CHECK(archived.archive.chains[0].last == 4);
  CHECK(archived.archive.chains[1].last == 3);
  CHECK(faults(house).empty());
  CHECK(verified(house, archived.text) == "ok");
}

TEST_CASE("S32 whatever is changed in an archive is noticed") {
  House house;
  live_three_days(house);
  const auto archived = archive(house, kNoon + kDay);
  const std::string& text = archived.text;
  REQUIRE(verified(house, text) == "ok");
  const auto lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string without;
    std::string changed;
    for (std::size_t j = 0; j < lines.size(); ++j) {
      const std::string line = std::string(lines[j]) + "\n";
      if (j != i) without += line;
      std::string other = line;
      if (j == i && !line.empty()) other[line.size() / 2] = other[line.size() / 2] == 'A' ? 'B' : 'A';
      changed += other;
    }
    CAPTURE(i, std::string(lines[i]));
    // What stands in the armor beside the signature itself is not under it.
    if (lines[i].empty() || lines[i].starts_with("-----END")) continue;
    // The armor's checksum may be left out (RFC 9580, section 6.1), and is verified where it stands.
    CHECK((lines[i].starts_with("=") || verified(house, without) != "ok"));
    CHECK(verified(house, changed) != "ok");
  }
  CHECK(verified(house, "") != "ok");
  // Cut off in a record, and between two.
  const std::size_t second = text.find('\n', text.find('\n') + 1) + 1;
  for (const std::size_t bytes : {second, second + 40})
    CHECK(verified(house, text.substr(0, bytes)) == "file_incomplete");
  House another;
  CHECK(verified(another, text) != "ok");
}

TEST_CASE("S32 more than was archived cannot be taken out of the store, and no old beginning put back") {
  House house;
  live_three_days(house);
  archive(house, kNoon + kDay);
  const std::string beginning = contents_of(house.medium()).at("archived/server");
  archive(house, kNoon + 2 * kDay);
  REQUIRE(faults(house).empty());
  SECTION("a record that was not archived is gone") {
    must(erase(house.medium(), records::audit_name("server", 21)));
    CHECK_FALSE(faults(house).empty());
  }
  SECTION("an earlier beginning") {
    must(put(house.medium(), "archived/server", beginning));
    CHECK_FALSE(faults(house).empty());
  }
  SECTION("no beginning") {
    must(erase(house.medium(), "archived/server"));
    CHECK_FALSE(faults(house).empty());
  }
  SECTION("a beginning that nobody sealed") {
    must(put(house.medium(), "archived/server", R"({"version":1,"number":25,"hash":")" + std::string(64, '0') + "\"}"));
    CHECK_FALSE(faults(house).empty());
  }
}

TEST_CASE("a chain that does not hold is not archived") {
  House house;
  live_three_days(house);
  must(put(house.medium(), records::audit_name("server", 5),
           contents_of(house.medium()).at(records::audit_name("server", 6))));
  CHECK(outcome(write(house, kNoon + kDay)) == "record_tampered");
  must(erase(house.medium(), records::audit_name("server", 5)));
  CHECK(outcome(write(house, kNoon + kDay)) == "chain_broken");
}

TEST_CASE("of two archives of the same decisions one takes them out") {
  House house;
  live_three_days(house);
  const auto one = must(write(house, kNoon + kDay));
  const auto two = must(write(house, kNoon + kDay));
  must(AuditArchiving(context_of(house)).erase(one.archive, by_hand(), {}));
  CHECK(outcome(AuditArchiving(context_of(house)).erase(two.archive, by_hand(), {})) == "conflict");
  CHECK(faults(house).empty());
  CHECK(numbers(house).front() == 11);
  CHECK(verified(house, two.text) == "ok");
}

TEST_CASE("what a backup left below the beginning of a chain is in no second archive, and goes with it") {
  House house;
  live_three_days(house);
  const auto before = contents_of(house.medium());
  archive(house, kNoon + kDay);
  for (const std::int64_t number : {3, 7, 8}) {
    const std::string name = records::audit_name("server", number);
    must(put(house.medium(), name, before.at(name)));
  }
  REQUIRE(faults(house).empty());
  const auto second = archive(house, kNoon + 2 * kDay);
  CHECK(second.archive.chains.at(0).first == 11);
  CHECK(second.archive.records() == 10);
  CHECK(verified(house, second.text) == "ok");
  CHECK(numbers(house).front() == 21);
  CHECK(faults(house).empty());
  CHECK(contents_of(house.medium()).count(records::audit_name("server", 3)) == 0);
}

TEST_CASE("a page at a time is taken out of a long chain") {
  House house;
  decide(house, 700);
  house.clock.pass(kDay);
  decide(house);
  CHECK(archive(house, kNoon + kDay).archive.records() == 701);
  CHECK(numbers(house).front() == 702);
  CHECK(faults(house).empty());
}
