// The threat model's table and the tests say the same, so that neither can decay alone.
#include <catch2/catch.hpp>

#include <map>
#include <regex>
#include <set>

#include "tests/support/source_tree.hpp"

using namespace countersign::test;

namespace {

using Breaches = std::vector<std::string>;

// Row ("S42") to the last column of the table.
std::map<std::string, std::string> rows_of(const std::string& document) {
  static const std::regex kRow(R"re((?:^|\n)\| (S[0-9]{2}) \|[^\n]*\| ([^|\n]+) \|(?=\n))re");
  std::map<std::string, std::string> rows;
  for (std::sregex_iterator found(document.begin(), document.end(), kRow), end; found != end; ++found) {
    rows[(*found)[1]] = (*found)[2];
  }
  return rows;
}

// The rows that a test case of the project begins with.
std::set<std::string> rows_tested(const SourceFiles& files) {
  static const std::regex kRow(R"re((S[0-9]{2})[: ])re");
  std::set<std::string> rows;
  for (const SourceFile& file : files) {
    if (!file.path.starts_with("tests/") || !is_code(file)) continue;
    for (const std::string& name : test_cases_of(file)) {
      std::smatch found;
      if (std::regex_search(name, found, kRow, std::regex_constants::match_continuous)) rows.insert(found[1]);
    }
  }
  return rows;
}

Breaches disagreements(const std::map<std::string, std::string>& claims, const std::set<std::string>& tested) {
  static const std::regex kProof("test|with [a-z ]+");
  Breaches breaches;
  for (const auto& [row, proof] : claims) {
    if (!std::regex_match(proof, kProof)) breaches.push_back(row + " has an unknown proof: " + proof);
    if (proof == "test" && !tested.contains(row)) breaches.push_back(row + " claims a test and has none");
    if (proof != "test" && tested.contains(row)) breaches.push_back(row + " has a test, and the table says " + proof);
  }
  for (const std::string& row : tested) {
    if (!claims.contains(row)) breaches.push_back(row + " has a test and no row");
  }
  return breaches;
}

std::string threat_model(const SourceFiles& files) {
  for (const SourceFile& file : files) {
    if (file.path == "docs/threat-model.md") return file.text;
  }
  return {};
}

}  // namespace

TEST_CASE("the threat model claims the tests that are there and no others") {
  const SourceFiles files = read_source_tree(COUNTERSIGN_SOURCE);
  const auto claims = rows_of(threat_model(files));
  CHECK(claims.size() == 89);
  CHECK(disagreements(claims, rows_tested(files)) == Breaches());
}

TEST_CASE("a threat model that claims too much or too little is noticed") {
  const auto claims =
      rows_of("\n| S01 | a | b | test |\n| S02 | a | b | with passwords |\n| S03 | a | b | trust us |\n");
  REQUIRE(claims.size() == 3);
  CHECK(claims.at("S02") == "with passwords");
  CHECK(disagreements({{"S01", "test"}}, {"S01"}) == Breaches());
  CHECK(disagreements({{"S01", "test"}}, {}).size() == 1);
  CHECK(disagreements({{"S02", "with passwords"}}, {"S02"}).size() == 1);
  CHECK(disagreements({{"S03", "trust us"}}, {}).size() == 1);
  CHECK(disagreements({}, {"S99"}).size() == 1);
}

TEST_CASE("a row is tested by a test that begins with it") {
  const auto tested = [](const std::string& text) { return rows_tested({{"tests/unit/a_test.cpp", text}}); };
  CHECK(tested("TEST_CASE(\"S42 a\") {}\n") == std::set<std::string>{"S42"});
  CHECK(tested("TEMPLATE_TEST_CASE(\"S42 a\", \"\", int) {}\n") == std::set<std::string>{"S42"});
  CHECK(tested("TEST_CASE(\"a row S42 \") {}\n").empty());
  CHECK(tested("// TEST_CASE(\"S42 a\")\n").empty());
  CHECK(tested("TEST_CASE(\"S421 a\") {}\n").empty());
}
