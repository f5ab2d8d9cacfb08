#include "auth/records/id_prefixes.hpp"

#include <catch2/catch.hpp>

#include "auth/base/account_id.hpp"
#include "auth/records/session.hpp"
#include "storage/base/text.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kAlice = "e7541508";  // what the id of alice begins with

Result<std::string> find_account(House& house, const std::string& typed) {
  return records::find_account_meant(house.medium(), house.auth().roles().accounts, typed);
}

// Of an id that begins so; its record is nobody's.
std::string plant(House& house, const std::string& beginning) {
  const std::string id = beginning + std::string(64 - beginning.size(), '0');
  must(put(house.medium(), records::account_name(id), "x"));
  must(put(house.medium(), records::part_name(id, records::AccountPart::certificate), "x"));
  return id;
}

// Counts the names that it gives out.
class CountingMedium final : public storage::Medium {
 public:
  explicit CountingMedium(storage::Medium& inner) : inner_(inner) {}
  Result<storage::Entry> read(std::string_view name) override { return inner_.read(name); }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    auto names = TRY(inner_.list(prefix, after, limit));
    listed += names.size();
    return names;
  }
  Status commit(const storage::Batch& batch) override { return inner_.commit(batch); }
  Result<storage::Mark> mark() override { return inner_.mark(); }

  std::size_t listed = 0;

 private:
  storage::Medium& inner_;
};

}  // namespace

TEST_CASE("an account is found by its username, its id and eight digits of that or more") {
  House house;
  house.add(alice());
  for (const std::string& typed :
       {std::string("alice"), kAlice, alice().account().substr(0, 40), alice().account().substr(0, 63)}) {
    CHECK(must(find_account(house, typed)) == alice().account());
  }
  for (const std::string& typed : {std::string("bob"), kAlice.substr(0, 7), std::string("E7541508"), kAlice + "00",
                                   std::string("00000000"), std::string(), std::string("a\nb")}) {
    CAPTURE(typed);
    CHECK(outcome(find_account(house, typed)) == "not_found");
  }
}

TEST_CASE("digits that several account ids begin with are refused, and the detail says which are meant") {
  House house;
  house.add(alice());
  plant(house, kAlice + "ff");
  const auto found = find_account(house, kAlice);
  REQUIRE(outcome(found) == "malformed_account_id");
  CHECK(found.error().detail == "several begin with e7541508; add a digit or more:\n  e75415087  alice\n  e7541508f");
  CHECK(must(find_account(house, kAlice + "7")) == alice().account());
  for (const char digit : {'0', '1', '2', '3', '4', '5'}) plant(house, kAlice + digit);
  const auto many = find_account(house, kAlice);
  REQUIRE(outcome(many) == "malformed_account_id");
  CHECK(split_lines(many.error().detail).size() == 7);
  CHECK(many.error().detail.ends_with("\n  and more"));
}

TEST_CASE("a username of eight hex digits wins over the ids that begin so, also when its account is deleted") {
  House house;
  house.add(alice());
  const Person named(kAlice, openpgp::KeyKind::ed25519_cv25519);
  house.add(named);
  CHECK(must(find_account(house, kAlice)) == named.account());
  CHECK(must(find_account(house, kAlice + "7")) == alice().account());
  must(house.auth().roles().deletion.by_administrator(named.account(), by_hand()));
  CHECK(must(find_account(house, kAlice)) == named.account());
}

TEST_CASE("an account is found by a few digits without a look at the others") {
  House house;
  house.add(alice());
  for (int i = 0; i < 2000; ++i) plant(house, hex(as_bytes(std::to_string(10'000 + i))));
  CountingMedium counting(house.medium());
  CHECK(must(records::find_account_meant(counting, house.auth().roles().accounts, kAlice)) == alice().account());
  CHECK(counting.listed < 20);
}

TEST_CASE("a session is found by eight digits of its id among those of its account") {
  House house;
  house.add(alice());
  const auto find = [&](const std::string& typed) {
    return records::find_session_meant(house.medium(), alice().account(), typed);
  };
  const std::string one = "0123456789abcdef0123456789abcdef";
  const std::string other = "0123456789abcdee0123456789abcdef";
  must(put(house.medium(), records::pointer_name(alice().account(), one), "x"));
  must(put(house.medium(), records::pointer_name(bob().account(), other), "x"));
  CHECK(must(find("01234567")) == one);
  CHECK(must(find(other)) == other);  // whole ids are the caller's to look up
  CHECK(outcome(find("0123456")) == "malformed_message");
  CHECK(outcome(find("99999999")) == "not_found");
  must(put(house.medium(), records::pointer_name(alice().account(), other), "x"));
  const auto several = find("01234567");
  REQUIRE(outcome(several) == "malformed_message");
  CHECK(several.error().detail ==
        "several begin with 01234567; add a digit or more:\n  0123456789abcdee\n  0123456789abcdef");
  CHECK(must(find("0123456789abcdef")) == one);
}
