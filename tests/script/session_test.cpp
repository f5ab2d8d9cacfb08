#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/session_script.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

std::vector<std::filesystem::path> session_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(COUNTERSIGN_SOURCE "/tests/script")) {
    if (entry.path().extension() == ".session") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string wrong_with(std::string_view session) {
  return run_session(parse_session(session).value());
}

}  // namespace

TEST_CASE("every session file reads as it is written") {
  const auto files = session_files();
  REQUIRE(files.size() >= 3);
  for (const auto& file : files) {
    INFO(file.filename().string());
    const auto steps = parse_session(text_of(file));
    REQUIRE(steps.has_value());
    const std::string wrong = run_session(*steps);
    INFO(wrong);
    CHECK(wrong.empty());
  }
}

TEST_CASE("a session that does not hold is noticed on each channel") {
  REQUIRE(wrong_with("$ echo a; echo b >&2; exit 3\na\n! b\n= 3\n").empty());
  REQUIRE(!wrong_with("$ echo a; echo b >&2; exit 3\nb\n! b\n= 3\n").empty());
  REQUIRE(!wrong_with("$ echo a; echo b >&2; exit 3\na\n! a\n= 3\n").empty());
  REQUIRE(!wrong_with("$ echo a; echo b >&2; exit 3\na\n! b\n").empty());
  REQUIRE(!wrong_with("$ echo a; echo b\na\n").empty());
  REQUIRE(!wrong_with("$ true\na\n").empty());
  REQUIRE(!wrong_with("$ echo a\n").empty());
}

TEST_CASE("dots stand for any text in a line and alone for any lines") {
  REQUIRE(fits({"a...c", "...", "z"}, {"abc", "x", "y", "z"}));
  REQUIRE(fits({"...", "z"}, {"z"}));
  REQUIRE(!fits({"a...c"}, {"abd"}));
  REQUIRE(!fits({"...", "z"}, {"z", "y"}));
}

TEST_CASE("a session file without a command is refused rather than passed") {
  REQUIRE(!parse_session(""));
  REQUIRE(!parse_session("# nothing\n"));
  REQUIRE(!parse_session("output\n"));
}

TEST_CASE("every command has help with an example, and usage errors exit with 2") {
  const char* const commands[] = {"init",
                                  "serve",
                                  "account add",
                                  "account list",
                                  "account show",
                                  "account set",
                                  "account confirm",
                                  "account key",
                                  "account import-legacy",
                                  "challenge",
                                  "redeem",
                                  "respond",
                                  "login",
                                  "enrol",
                                  "whoami",
                                  "logout",
                                  "status",
                                  "server list",
                                  "server trust",
                                  "server forget",
                                  "session list",
                                  "session show",
                                  "session end",
                                  "courier export",
                                  "courier import",
                                  "courier sign",
                                  "courier open",
                                  "audit list",
                                  "audit verify",
                                  "clock accept",
                                  "version",
                                  "server-key show",
                                  "server-key extend",
                                  "server-key replace",
                                  "server-key refresh",
                                  "secret list",
                                  "secret rotate",
                                  "secret reseal",
                                  "secret retire"};
  for (const std::string command : commands) {
    INFO(command);
    const std::string example = "  countersign " + command;
    CHECK(wrong_with("$ countersign " + command + " --help\n...\nExample:\n" + example + "...\n...\n").empty());
    CHECK(wrong_with("$ countersign " + command + " --no-such-option\n! ...[usage]\n! ...\n= 2\n").empty());
  }
}
