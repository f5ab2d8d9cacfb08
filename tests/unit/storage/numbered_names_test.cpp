#include "storage/numbered_names.hpp"

#include <catch2/catch.hpp>

using namespace countersign::storage;

TEST_CASE("a numbered name gives its number back and no other name gives any") {
  for (const std::int64_t number : {std::int64_t{1}, std::int64_t{10}, std::int64_t{99'999}, kListedNumberMax}) {
    CHECK(number_named_in("a/b/", numbered_name("a/b/", number)) == number);
  }
  CHECK(numbered_name("a/", 9) < numbered_name("a/", 10));
  const std::string nine = numbered_name("a/", 9);
  for (const std::string& name : {std::string("a/"), std::string("a/z"), std::string("a/9"), std::string("a/-9"),
                                  nine + "x", nine + "0", nine.substr(1), "b/" + nine.substr(2), "a/0" + nine.substr(2),
                                  numbered_name("a/", 0), numbered_name("a/", kListedNumberMax + 1),
                                  numbered_name("a/", INT64_MAX), "a/" + std::string(20, '9'), nine + "/z"}) {
    CAPTURE(name);
    CHECK_FALSE(number_named_in("a/", name));
  }
}
