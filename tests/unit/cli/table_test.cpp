#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "cli/terminal.hpp"
#include "storage/base/text.hpp"
#include "tests/support/pty.hpp"

using namespace countersign;
using cli::TableShape;
using test::Pty;

namespace {

const std::string kOneId = "e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4";
const std::string kOtherId = "0123456789abcdef0123456789abcdef";
const std::string kFingerprint = "7E83D657744F8AD2656B40035C27A52981F1F86B";

Json::Array rows(const std::vector<Json>& all) {
  return {all.begin(), all.end()};
}

Json row(const std::string& name, const std::string& detail) {
  return Json::object()
      .set("username", name)
      .set("account", kOneId)
      .set("fingerprint", kFingerprint)
      .set("at", "2026-11-21T17:20:00Z")
      .set("detail", detail);
}

std::size_t widest(const std::string& text) {
  std::size_t columns = 0;
  for (const std::string_view line : split_lines(text)) columns = std::max(columns, cli::columns_of(line));
  return columns;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

TEST_CASE("an id in a table is its first digits, and eight where those do") {
  const auto listed = rows({Json::object().set("account", kOneId), Json::object().set("account", kOtherId),
                            Json::object().set("account", kOneId), Json::object().set("account", "")});
  CHECK(cli::table_text(listed, {}) == "account\ne7541508\n01234567\ne7541508\n\n");
}

TEST_CASE("ids that begin alike are shown as far as they differ") {
  std::string alike = kOneId;
  alike[11] = '0';
  const auto listed = rows({Json::object().set("account", kOneId), Json::object().set("account", alike)});
  CHECK(cli::table_text(listed, {}) == "account\ne75415087e23\ne75415087e20\n");
}

TEST_CASE("a column that holds something else beside ids is left as it is") {
  const auto listed = rows({Json::object().set("name", kOtherId), Json::object().set("name", "alice")});
  CHECK(cli::table_text(listed, {}) == "name\n" + kOtherId + "\nalice\n");
}

TEST_CASE("a table is no wider than it may be whatever is in it") {
  const auto listed = rows(
      {row("alice", ""), row(std::string(128, 'b'), std::string(500, 'x')), row("c", "a b " + std::string(90, 'd'))});
  for (std::size_t columns = 20; columns < 300; ++columns) {
    CAPTURE(columns);
    CHECK(widest(cli::table_text(listed, {columns, false})) <= columns);
  }
  const std::string text = cli::table_text(listed, {});
  CHECK(widest(text) == 80);
  CHECK(text.find("bbb...  ") != std::string::npos);
}

TEST_CASE("a fingerprint is whole where there is room, and shown by its first digits where there is none") {
  const auto listed = rows({row("alice", "")});
  CHECK(cli::table_text(listed, {100, false}).find(kFingerprint + "  ") != std::string::npos);
  const std::string narrow = cli::table_text(listed, {80, false});
  CHECK(narrow.find(kFingerprint) == std::string::npos);
  CHECK(narrow.find("  7E83D657     2026") != std::string::npos);
}

TEST_CASE("columns for which there is no room are left out, the last ones first") {
  const auto listed = rows({row("alice", "some words")});
  CHECK(first_line(cli::table_text(listed, {70, false})) ==
        "username  account   fingerprint  at                    detail");
  CHECK(first_line(cli::table_text(listed, {60, false})) == "username  account   fingerprint  at");
  CHECK(first_line(cli::table_text(listed, {30, false})) == "username  account");
  CHECK(first_line(cli::table_text(rows({row(std::string(60, 'u'), "")}), {20, false})) == "username");
}

TEST_CASE("a text is cut at a character and says so") {
  const std::string name = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
  CHECK(cli::cut(name, 5) == name);
  CHECK(cli::cut(name, 4) == "\xc3\xa9...");
  CHECK(cli::cut(name, 2) == "..");
}

TEST_CASE("a table that is asked for in full has every column and every character") {
  const auto listed = rows({row(std::string(128, 'b'), std::string(500, 'x'))});
  const std::string text = cli::table_text(listed, {80, true});
  for (const std::string& whole : {std::string(128, 'b'), std::string(500, 'x'), kOneId, kFingerprint}) {
    CHECK(text.find(whole) != std::string::npos);
  }
}

TEST_CASE("the members that matter come first and none is lost") {
  Json list = Json::array();
  list.push(Json::object().set("a", 1).set("b", 2).set("c", 3));
  list.push(Json::object().set("b", 4));
  CHECK(write_json(cli::with_first(list, {"c", "b"})) == R"([{"c":3,"b":2,"a":1},{"b":4}])");
}

namespace {

// As a process whose stdout is that terminal finds it.
int columns_on(const Pty& pty, const char* said) {
  const pid_t child = fork();
  if (child == 0) {
    const int slave = ::open(pty.path().c_str(), O_RDWR | O_NOCTTY);
    ::dup2(slave, STDOUT_FILENO);
    if (said == nullptr) {
      ::unsetenv("COLUMNS");
    } else {
      ::setenv("COLUMNS", said, 1);
    }
    _exit(static_cast<int>(cli::Terminal::of_process().columns()));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a table is as wide as COLUMNS says, else as the terminal is, else 80 columns") {
  if (!Pty::offered()) return;
  const Pty pty;
  const auto resize = [&](unsigned short columns) {
    const int slave = ::open(pty.path().c_str(), O_RDWR | O_NOCTTY);
    const winsize window{24, columns, 0, 0};
    REQUIRE(::ioctl(slave, TIOCSWINSZ, &window) == 0);
    ::close(slave);
  };
  resize(0);
  CHECK(columns_on(pty, nullptr) == 80);
  resize(132);
  CHECK(columns_on(pty, nullptr) == 132);
  CHECK(columns_on(pty, "100") == 100);
  for (const char* useless : {"", "0", "wide", "-3", "7"}) {
    CAPTURE(useless);
    CHECK(columns_on(pty, useless) == 132);
  }
}
