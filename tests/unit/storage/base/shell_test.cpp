#include "storage/base/shell.hpp"

#include <catch2/catch.hpp>

using countersign::quoted_for_shell;

TEST_CASE("a word that a shell takes as it is stays as it is") {
  CHECK(quoted_for_shell("/media/stick/inbox/a.response.asc") == "/media/stick/inbox/a.response.asc");
  CHECK(quoted_for_shell("alice@example.org") == "alice@example.org");
}

TEST_CASE("what a shell would take for more than a word is quoted") {
  CHECK(quoted_for_shell("") == "''");
  CHECK(quoted_for_shell("/media/My Stick") == "'/media/My Stick'");
  CHECK(quoted_for_shell("o'neil") == "'o'\\''neil'");
  CHECK(quoted_for_shell("-x") == "'-x'");
  CHECK(quoted_for_shell("$(id)") == "'$(id)'");
}
