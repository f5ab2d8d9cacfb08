#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "cli/help.hpp"
#include "cli/suggestion.hpp"

namespace countersign::cli {
namespace {

CLI::Validator from_one_on() {
  return CLI::Validator(
      [](std::string& text) {
        std::int64_t number = 0;
        const bool fits = CLI::detail::lexical_cast(text, number) && number > 0;
        return fits ? std::string() : "it is a whole number from 1 on, not " + text;
      },
      "");
}

CLI::Validator not_empty() {
  return CLI::Validator([](std::string& text) { return text.empty() ? std::string("it is empty") : std::string(); },
                        "");
}

void declare_argument(CLI::App& app, const Argument& argument) {
  CLI::Option* option = std::visit(
      [&](auto* target) {
        if constexpr (std::is_same_v<decltype(target), bool*>) {
          return app.add_flag(argument.name, *target, argument.what);
        } else {
          return app.add_option(argument.name, *target, argument.what);
        }
      },
      argument.target);
  option->required(argument.is_required);
  const bool is_text = std::holds_alternative<std::string*>(argument.target) ||
                       std::holds_alternative<std::vector<std::string>*>(argument.target);
  if (is_text && !argument.allows_empty) option->check(not_empty());
  if (!argument.choices.empty()) option->check(CLI::IsMember(argument.choices));
  if (std::holds_alternative<std::int64_t*>(argument.target)) {
    option->check(argument.most ? CLI::Range(std::int64_t{1}, *argument.most) : from_one_on());
  }
}

void declare_command(CLI::App& parent, const std::string& path, const Command& command, Command::Action& chosen) {
  CLI::App& app = *parent.add_subcommand(command.name, command.what);
  const std::string own_path = path + " " + command.name;
  if (!command.commands.empty()) {
    app.require_subcommand(1);
    app.footer(fmt::format("`{} COMMAND --help` explains one.", own_path));
    for (const Command& one : command.commands) declare_command(app, own_path, one, chosen);
    return;
  }
  app.footer(fmt::format("Example:\n  {}\n\nOf every command: --data DIR, --json, --full, --help", command.example));
  for (const Argument& argument : command.arguments) declare_argument(app, argument);
  for (const Argument& argument : command.arguments) {
    CLI::Option* option = app.get_option(argument.name);
    for (const std::string& other : argument.needed) option->needs(app.get_option(other));
    for (const std::string& other : argument.excluded) option->excludes(app.get_option(other));
  }
  app.callback([&chosen, &command] { chosen = command.run; });
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  return names;
}

// The words of the arguments that name commands, and the command that they lead to.
struct Named {
  std::string path = kProgram;
  const Command* command = nullptr;            // none where only the program is named, or a group
  const std::vector<Command>* next = nullptr;  // those that can come behind what is named; empty below a command
  std::optional<std::string> no_command;       // the word that stands in the place of one, and is none
  std::optional<std::string> no_option;        // the word that stands before a command as an option, and is none
  std::size_t behind = 0;                      // where the command's own arguments begin
};

// Of every command, and taken before it too.
constexpr std::array<std::string_view, 5> kCommonOptions = {"--data", "--json", "--full", "--help", "--version"};

bool is_common_option(std::string_view word) {
  if (word == "-h" || word == "--") return true;
  return std::find(kCommonOptions.begin(), kCommonOptions.end(), word.substr(0, word.find('='))) !=
         kCommonOptions.end();
}

Named read_names(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  Named named;
  named.next = &commands;
  for (std::size_t i = 0; i < arguments.size() && !named.next->empty(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--data") ++i;
    if (word.starts_with('-') && !is_common_option(word) && !named.no_option) named.no_option = word;
    if (word.empty() || word.front() == '-') continue;
    const Command* const found = find_command(*named.next, word);
    if (found == nullptr) {
      named.no_command = word;
      break;
    }
    named.path += " " + word;
    named.next = &found->commands;
    if (found->commands.empty()) named.command = found;
    named.behind = i + 1;
  }
  return named;
}

// CLI11 says of a mistyped command only that it was not expected, or that one is required.
std::optional<std::string> unknown_command(const Named& named) {
  if (named.no_option) {
    const std::string option = named.no_option->substr(0, named.no_option->find('='));
    const auto meant = suggest(option, {kCommonOptions.begin(), kCommonOptions.end()});
    return fmt::format("`{}` has no option {} before a command{}", kProgram, option,
                       meant ? fmt::format("; did you mean {}?", *meant) : std::string{});
  }
  if (named.no_command) {
    const auto meant = suggest(*named.no_command, names_of(*named.next));
    return fmt::format("`{}` has no command \"{}\"{}", named.path, *named.no_command,
                       meant ? fmt::format("; did you mean `{} {}`?", named.path, *meant) : std::string{});
  }
  if (named.next->empty()) return std::nullopt;
  return fmt::format("`{}` needs a command: {}", named.path, CLI::detail::join(names_of(*named.next), ", "));
}

bool takes_value(const Command& command, const std::string& option) {
  const Argument* const argument = find_argument(command, option);
  return option == "--data" || (argument != nullptr && argument->takes_value());
}

// CLI11 says first what else is required, or names the words around it.
std::optional<std::string> unknown_option(const Named& named, const std::vector<std::string>& arguments) {
  if (named.command == nullptr) return std::nullopt;
  std::vector<std::string> known(kCommonOptions.begin(), kCommonOptions.end());
  for (const Argument& one : named.command->arguments) known.push_back(one.name);
  for (std::size_t i = named.behind; i < arguments.size(); ++i) {
    const std::string option = arguments[i].substr(0, arguments[i].find('='));
    if (option == "--") return std::nullopt;
    if (takes_value(*named.command, option) && option == arguments[i]) ++i;
    if (!option.starts_with('-') || option == "-" || option == "-h") continue;
    if (std::find(known.begin(), known.end(), option) != known.end()) continue;
    std::string text = fmt::format("`{}` has no option {}", named.path, option);
    if (!option.starts_with("--")) return text + "; what only begins with a dash goes last, behind --";
    const auto meant = suggest(option, known);
    return meant ? fmt::format("{}; did you mean {}?", text, *meant) : text;
  }
  return std::nullopt;
}

// In place of CLI11's "--user: 1 required TEXT missing".
std::optional<std::string> missing_value(const CLI::ParseError& error) {
  const std::string said = error.what();
  if (error.get_name() != "ArgumentMismatch" || said.find(" missing") == std::string::npos) return std::nullopt;
  return said.substr(0, said.find(':')) + " needs a value";
}

std::string what_is_wrong(const std::vector<std::string>& arguments, const std::vector<Command>& commands,
                          const CLI::ParseError& error) {
  const Named named = read_names(arguments, commands);
  if (auto text = unknown_command(named)) return *text;
  if (auto text = unknown_option(named, arguments)) return *text;
  return missing_value(error).value_or(error.what());
}

// `countersign help session list` is `countersign session list --help`.
void put_help_last(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
}

}  // namespace

Result<CommandLine> read_command_line(std::vector<std::string> arguments, const std::vector<Command>& commands) {
  put_help_last(arguments);
  CommandLine line;
  CLI::App app{kProgramIs, kProgram};
  app.require_subcommand(1);
  app.fallthrough();  // the global options are taken after the command as well
  app.footer("`countersign COMMAND --help` explains one.");
  app.set_version_flag("--version", "countersign " COUNTERSIGN_VERSION);
  for (const Argument& argument : line.arguments()) declare_argument(app, argument);
  for (const Command& command : commands) declare_command(app, kProgram, command, line.run);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    line.text = help_text(app);
  } catch (const CLI::CallForVersion& version) {
    line.text = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::usage, what_is_wrong(arguments, commands, error));
  }
  return line;
}

std::string command_named(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  const Named named = read_names(arguments, commands);
  return named.path == kProgram ? std::string() : named.path;
}

}  // namespace countersign::cli
