#include "cli/manual.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using cli::Argument;
using cli::Command;

namespace {

bool flag = false;
std::string text;
std::int64_t number = 0;
std::vector<std::string> texts;

std::vector<Command> commands() {
  Command one{"one", "One_word *here*", "countersign one 'a\\b'\n  countersign one", {}, {}, {}};
  one.arguments = {
      Argument("--text", &text, "A text").required().one_of({"a", "b"}),
      Argument("--number", &number, "A number").at_most(9).needs("--text").excludes("--flag"),
      {"--flag", &flag, "A flag"},
      {"NAME", &texts, "Names"},
  };
  return {one, cli::group("many", "Many", {one})};
}

std::string page(std::string_view name, std::string_view prose = "What it does.\n") {
  return cli::manual_page(name, prose, commands()).value();
}

bool has(const std::string& where, std::string_view what) {
  return where.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a page of the manual says of options what they want") {
  const std::string one = page("countersign-one.1");
  CHECK(has(one, "*--text* _TEXT_\n\tA text; required; one of *a*, *b*\n"));
  CHECK(has(one, "*--number* _INT_\n\tA number; from 1 to 9; needs *--text*; not with *--flag*\n"));
  CHECK(has(one, "*--flag*\n\tA flag\n"));
  CHECK(has(one, "*countersign one* [_OPTION_...] *--text* _TEXT_ [_NAME_...]\n"));
}

TEST_CASE("a page of a group has a part for each of its commands") {
  const std::string many = page("countersign-many.1");
  CHECK(has(many, "# NAME\n\ncountersign-many - Many: one\n"));
  CHECK(has(many, "## countersign many one\n"));
}

TEST_CASE("what is no markup is shown as it is") {
  const std::string one = page("countersign-one.1");
  CHECK(has(one, "One\\_word \\*here\\*"));
  CHECK(has(one, "```\ncountersign one 'a\\\\b'\ncountersign one\n```"));
}

TEST_CASE("what is written by hand comes first under DESCRIPTION, and its sections last") {
  const std::string one = page("countersign-one.1", "It does.\n\n# FILES\n\n_a_\n");
  CHECK(has(one, "# DESCRIPTION\n\nIt does.\n"));
  CHECK(one.find("# OPTIONS") < one.find("# FILES"));
  CHECK(one.ends_with("# FILES\n\n_a_\n"));
}

TEST_CASE("a page of the manual is of the program, of a command of it, or says what it is about") {
  const auto refused = [](std::string_view name, std::string_view prose) {
    const auto made = cli::manual_page(name, prose, commands());
    return !made && made.error().code == ErrorCode::usage;
  };
  CHECK(refused("countersign-none.1", "What it does.\n"));
  CHECK(refused("other.1", "What it does.\n"));
  CHECK(refused("countersign", "What it does.\n"));
  CHECK(refused("countersign-formats.7", ""));
  CHECK(has(page("countersign-formats.7", "the formats\nMore.\n"), "countersign-formats - the formats\n"));
}
