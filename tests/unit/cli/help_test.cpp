#include <catch2/catch.hpp>

#include "cli/command_line.hpp"
#include "cli/commands/all.hpp"
#include "cli/setting_values.hpp"
#include "cli/wrapping.hpp"
#include "storage/base/text.hpp"

using namespace countersign;
using cli::Command;

namespace {

using Words = std::vector<std::string>;

// Of every command and group, the words that name it.
void collect(const std::vector<Command>& commands, const Words& path, std::vector<Words>& out) {
  for (const Command& command : commands) {
    Words own = path;
    own.push_back(command.name);
    out.push_back(own);
    collect(command.commands, own, out);
  }
}

std::string help_of(Words words, const std::vector<Command>& commands) {
  words.emplace_back("--help");
  return cli::read_command_line(words, commands).value().text;
}

}  // namespace

TEST_CASE("the help of every command fits 80 columns") {
  const std::vector<Command> commands = cli::commands::all();
  std::vector<Words> all = {{}};
  collect(commands, {}, all);
  REQUIRE(all.size() > 50);
  for (const Words& words : all) {
    const std::string help = help_of(words, commands);
    CHECK(!help.empty());
    for (const std::string_view line : split_lines(help)) {
      INFO(line);
      CHECK(line.size() <= cli::kColumns);
    }
  }
}

TEST_CASE("the help of serve shows the default of every option") {
  const std::vector<Command> commands = cli::commands::all();
  std::string help = help_of({"serve"}, commands);
  for (const char* option :
       {"--listen", "--openpgp", "--rate-limit", "--log-format", "--trusted-proxy", "--insecure-http"}) {
    INFO(option);
    const std::size_t at = help.find(std::string("  ") + option);
    REQUIRE(at != std::string::npos);
    const std::size_t next = help.find("\n  --", at);
    CHECK(help.substr(at, next - at).find("default:") != std::string::npos);
  }
  CHECK(help.find("default: " + cli::find_setting("listen")->get(cli::Settings())) != std::string::npos);
}

TEST_CASE("a line is broken at blanks, and a word that is too long stays whole") {
  CHECK(cli::wrapped("one two", 2, 80) == "one two");
  CHECK(cli::wrapped("one two three", 2, 8) == "one two\n  three");
  CHECK(cli::wrapped("one two three four", 2, 9) == "one two\n  three\n  four");
  CHECK(cli::wrapped("aaaaaaaaaaaa b", 2, 8) == "aaaaaaaaaaaa\n  b");
  CHECK(cli::wrapped("aaaaaaaaaaaa", 2, 8) == "aaaaaaaaaaaa");
  CHECK(cli::wrapped("  aaaaaaaaaaaa b", 4, 8) == "  aaaaaaaaaaaa\n    b");
  CHECK(cli::wrapped("one two      ", 2, 8) == "one two");
}

TEST_CASE("talk is broken where a line ends, and goes on as far in as it began") {
  CHECK(cli::wrapped_talk("one two three", 8) == "one two\n  three");
  CHECK(cli::wrapped_talk("one\n  two three\n", 8) == "one\n  two\n  three\n");
}

TEST_CASE("talk breaks nothing that is to be copied") {
  CHECK(cli::wrapped_talk("ask `gpg --list-keys` now", 10) == "ask\n  `gpg --list-keys`\n  now");
  CHECK(cli::wrapped_talk("in '/media/My Stick/x' it", 10) == "in\n  '/media/My Stick/x'\n  it");
  CHECK(cli::wrapped_talk("it; run: countersign clock accept, or wait", 12) ==
        "it; run:\n  countersign clock accept,\n  or wait");
  const std::string own_line = "Run:\n  countersign server trust https://auth.example.org FINGERPRINT";
  CHECK(cli::wrapped_talk(own_line, 20) == own_line);
}

TEST_CASE("an apostrophe and a quote that is never closed keep no line whole") {
  CHECK(cli::wrapped_talk("the server's name and the user's", 12) == "the server's\n  name and\n  the user's");
  CHECK(cli::wrapped_talk("one 'two three", 8) == "one 'two\n  three");
}

TEST_CASE("who mistyped is told of the command whose help says more") {
  const std::vector<Command> commands = cli::commands::all();
  CHECK(cli::command_named({"--data", "account", "session", "list", "alice"}, commands) == "countersign session list");
  CHECK(cli::command_named({"session", "lst"}, commands) == "countersign session");
  CHECK(cli::command_named({"sesion"}, commands).empty());
}
