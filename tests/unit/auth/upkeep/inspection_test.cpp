#include "auth/upkeep/inspection.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "auth/records/account.hpp"
#include "storage/memory_medium.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using records::AccountPart;

namespace {

const std::string& pub() {
  static const std::string name = records::part_name(alice().account(), AccountPart::certificate);
  return name;
}
const std::string& account() {
  static const std::string name = records::account_name(alice().account());
  return name;
}

upkeep::Inspected inspect(House& house) {
  return must(upkeep::Inspection(house.auth().roles().context).run({}));
}

// Two accounts and a session.
void furnish(House& house) {
  house.add(alice());
  house.add(bob());
  house.log_in(alice());
}

// One that lists a name and does not find it, as a database whose index went astray.
class Astray final : public storage::Medium {
 public:
  Result<storage::Entry> read(std::string_view name) override {
    if (name == lost) return fail(ErrorCode::not_found, std::string(name));
    return memory.read(name);
  }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    if (damaged_behind && std::string(after) >= *damaged_behind) return fail(ErrorCode::record_unreadable, "a page");
    return memory.list(prefix, after, limit);
  }
  Status commit(const storage::Batch& batch) override { return memory.commit(batch); }
  Result<storage::Mark> mark() override { return memory.mark(); }
  Status check() override { return structure; }

  storage::MemoryMedium memory;
  std::string lost;
  std::optional<std::string> damaged_behind;
  Status structure = ok();
};

}  // namespace

TEST_CASE("an inspection sees every record and finds nothing wrong with good ones") {
  House house;
  furnish(house);
  const auto inspected = inspect(house);
  CHECK(inspected.records == static_cast<std::int64_t>(contents_of(house.medium()).size()));
  CHECK(inspected.damaged == 0);
  CHECK(inspected.faults.empty());
}

TEST_CASE("an inspection names each record that was changed, swapped, planted or taken away") {
  House house;
  furnish(house);
  const auto before = contents_of(house.medium());
  const auto expect = [&](const std::string& fault) {
    const auto inspected = inspect(house);
    CHECK(inspected.faults == std::vector<std::string>{fault});
    CHECK(inspected.damaged == 1);
  };
  SECTION("any sealed record with a byte changed") {
    for (const auto& [name, text] : before) {
      if (records::is_part_name(name)) continue;
      std::string changed = text;
      changed[text.size() / 2] ^= 1;
      must(put(house.medium(), name, changed));
      CAPTURE(name);
      CHECK(inspect(house).damaged == 1);
      must(put(house.medium(), name, text));
    }
  }
  SECTION("a certificate that is not the one that was sealed") {
    must(put(house.medium(), pub(), bob().certificate()));
    expect(account() + ": record_tampered");
  }
  SECTION("a certificate that is gone") {
    storage::Batch batch;
    batch.erase(pub());
    must(house.medium().commit(batch));
    expect(account() + ": record_tampered");
  }
  SECTION("a record of another name") {
    const std::string other = "sessions/" + std::string(64, '0');
    must(put(house.medium(), other, before.at(account())));
    expect(other + ": record_tampered");
  }
  SECTION("a record that nobody sealed") {
    must(put(house.medium(), "somewhere/else", "{}"));
    expect("somewhere/else: record_unreadable");
  }
}

TEST_CASE("a part that no account record names is nobody's fault") {
  House house;
  furnish(house);
  must(put(house.medium(), records::part_name(alice().account(), AccountPart::legacy_password), "left behind"));
  CHECK(inspect(house).damaged == 0);
}

TEST_CASE("an inspection page by page finds what one at once finds") {
  House house;
  furnish(house);
  must(put(house.medium(), "somewhere/else", "{}"));
  const auto whole = inspect(house);
  for (const std::size_t page : {1u, 2u, 7u, 1000u}) {
    upkeep::Inspection inspection(house.auth().roles().context);
    for (int round = 0; round < 2; ++round) {
      std::int64_t pages = 0;
      while (!must(inspection.go_on(page))) {
        ++pages;
        CHECK(inspection.last().records == (round == 0 ? 0 : whole.records));
      }
      CHECK(pages == whole.records / static_cast<std::int64_t>(page));
      CHECK(inspection.last().records == whole.records);
      CHECK(inspection.last().faults == whole.faults);
    }
  }
}

TEST_CASE("a medium that does not find what it lists, or whose structure is damaged, is a fault") {
  Astray medium;
  House house(medium);
  furnish(house);
  medium.lost = pub().substr(0, pub().size() - 3) + "account";
  CHECK(inspect(house).faults == std::vector<std::string>{account() + ": record_unreadable"});
  medium.lost.clear();
  medium.structure = fail(ErrorCode::record_unreadable, "page 7");
  CHECK(inspect(house).faults == std::vector<std::string>{"the medium: page 7: record_unreadable"});
  medium.structure = ok();
  medium.damaged_behind = "";
  CHECK(inspect(house).faults.back() == "the medium: record_unreadable");
  medium.damaged_behind.reset();
  CHECK(inspect(house).damaged == 0);
}

TEST_CASE("a medium that does not answer ends an inspection") {
  Astray medium;
  House house(medium);
  furnish(house);
  medium.structure = fail(ErrorCode::storage_unavailable);
  CHECK(outcome(upkeep::Inspection(house.auth().roles().context).run({})) == "storage_unavailable");
}

TEST_CASE("a server inspects by itself, warns of damage, and stops warning once it is mended") {
  House house;
  furnish(house);
  const auto warned = [&] {
    const auto warnings = must(house.auth().ready()).warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const std::string& warning) { return warning.starts_with("1 records are damaged"); });
  };
  must(house.auth().maintain());
  CHECK_FALSE(warned());
  const std::string good = contents_of(house.medium()).at(pub());
  must(put(house.medium(), pub(), "damaged"));
  house.clock.pass(std::chrono::hours(23));
  must(house.auth().maintain());
  CHECK_FALSE(warned());
  house.clock.pass(std::chrono::hours(1));
  must(house.auth().maintain());
  CHECK(warned());
  must(put(house.medium(), pub(), good));
  house.clock.pass(std::chrono::hours(24));
  must(house.auth().maintain());
  CHECK_FALSE(warned());
}
