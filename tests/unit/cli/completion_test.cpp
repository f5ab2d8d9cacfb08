#include "cli/completion.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/commands/all.hpp"
#include "tests/support/source_tree.hpp"

using namespace countersign;
using namespace countersign::cli;
using namespace countersign::test;

namespace {

using Files = Completion::Files;
using Texts = std::vector<std::string>;

const Names kNames = {[](const std::string& data) {
                        return Texts{"alice", "bob", "Mina B", "in " + data};
                      },
                      [](const std::string& data, const std::string& user) { return Texts{user + " of " + data}; }};

Completion at(const Texts& words) {
  return complete(words, commands::all(), kNames);
}
Texts texts(const Texts& words) {
  Texts out;
  for (const Candidate& one : at(words).candidates) out.push_back(one.text);
  return out;
}

// Calls `look` with every command that is no group, and the words that name it.
void at_every_command(const std::vector<Command>& all, const Texts& before,
                      const std::function<void(const Texts&, const Command&)>& look) {
  for (const Command& one : all) {
    Texts words = before;
    words.push_back(one.name);
    if (one.commands.empty()) {
      look(words, one);
    } else {
      at_every_command(one.commands, words, look);
    }
  }
}

}  // namespace

TEST_CASE("commands are offered by what is typed of them, each with what it does") {
  CHECK(texts({"se"}) == Texts{"serve", "session", "server", "server-key", "secret"});
  CHECK(at({"session", "sh"}).candidates == std::vector<Candidate>{{"show", "Show one session"}});
  CHECK(texts({"session", ""}) == Texts{"list", "show", "end"});
  CHECK(texts({""}).size() == commands::all().size());
  CHECK(texts({"--json", "--data", "d", "vers"}) == Texts{"version"});
}

TEST_CASE("nothing is offered behind what is no command, and nothing of nothing") {
  CHECK(texts({"sesion", ""}).empty());
  CHECK(texts({"sesion", "--"}).empty());
  CHECK(texts({"session", "stop", ""}).empty());
  CHECK(at({}).candidates.empty());
}

TEST_CASE("every option of every command is offered, and so are those that every command takes") {
  at_every_command(commands::all(), {}, [](Texts words, const Command& command) {
    words.emplace_back("-");
    const Texts offered = texts(words);
    CAPTURE(words);
    std::size_t options = 4;
    for (const Argument& argument : command.arguments) {
      if (!argument.name.starts_with("-")) continue;
      CHECK(std::find(offered.begin(), offered.end(), argument.name) != offered.end());
      ++options;
    }
    CHECK(offered.size() == options);
  });
}

TEST_CASE("an option is offered once, and none that another excludes") {
  CHECK(texts({"session", "list", "--limit", "5", "--l"}).empty());
  CHECK(texts({"session", "list", "--limit", "--json", "--j"}) == Texts{"--json"});  // it was the limit's value
  CHECK(texts({"audit", "list", "--before", "3", "--fol"}).empty());
  CHECK(texts({"audit", "list", "--follow", "--bef"}).empty());
  CHECK(texts({"--json", "audit", "list", "--js"}).empty());
}

TEST_CASE("a value is offered where the program knows those there are") {
  CHECK(texts({"init", "--storage", ""}) == Texts{"sqlite", "directory"});
  CHECK(texts({"init", "--storage", "d"}) == Texts{"directory"});
  CHECK(texts({"account", "show", ""}) == Texts{"alice", "bob", "Mina B", "in "});
  CHECK(texts({"account", "show", "Mina"}) == Texts{"Mina B"});
  CHECK(texts({"--data", "d", "account", "show", "i"}) == Texts{"in d"});
  CHECK(texts({"audit", "list", "--account", "b"}) == Texts{"bob"});
  CHECK(texts({"session", "end", "alice", ""}) == Texts{"alice of "});
  CHECK(texts({"session", "end", "alice", "--data", "d", ""}) == Texts{"alice of d"});
  CHECK(texts({"session", "end", "alice", "0", ""}).empty());
  CHECK(texts({"session", "list", "--limit", ""}).empty());
}

TEST_CASE("files and folders are the shell's to offer") {
  CHECK(at({"account", "add", "alice", "--public-key", ""}).files == Files::any);
  CHECK(at({"backup", ""}).files == Files::any);
  CHECK(at({"backup", "--data", ""}).files == Files::folders);
  CHECK(at({"courier", "import", ""}).files == Files::folders);
  CHECK(at({"account", "show", ""}).files == Files::none);
  CHECK(at({"account", "add", "--"}).files == Files::none);
}

TEST_CASE("a shell reads a line a candidate") {
  CHECK(text_of(Completion{{{"end", "End it"}, {"alice", ""}}, Files::none}) == "end\tEnd it\nalice\n");
  CHECK(text_of(Completion{{}, Files::any}) == ":files\n");
  CHECK(text_of(Completion{{}, Files::folders}) == ":folders\n");
}

TEST_CASE("what is offered for an argument is offered for one that there is") {
  Texts names;
  at_every_command(commands::all(), {}, [&](const Texts&, const Command& command) {
    for (const Argument& argument : command.arguments) names.push_back(argument.name);
  });
  std::size_t seen = 0;
  const auto file = std::find_if(project().begin(), project().end(),
                                 [](const SourceFile& one) { return one.path == "cli/completion.cpp"; });
  REQUIRE(file != project().end());
  const std::string& source = file->text;
  for (std::size_t at = source.find("KindOf{\""); at != std::string::npos; at = source.find("KindOf{\"", at + 1)) {
    const std::size_t begin = at + 8;
    const std::string name = source.substr(begin, source.find('"', begin) - begin);
    CAPTURE(name);
    CHECK((name == "--data" || std::find(names.begin(), names.end(), name) != names.end()));
    ++seen;
  }
  CHECK(seen > 10);
}
