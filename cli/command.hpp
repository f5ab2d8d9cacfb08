// What a command says of itself: its name, what it does, an example, and what it takes. `cli/command_line.cpp` turns
// this into a parser and into help.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/command_context.hpp"

namespace countersign::cli {

// One thing that a command takes, and the member that it is written to.
struct Argument {
  // A flag; a text; a text that may be given empty; a whole number from 1 on; texts, of which several may be given.
  using Target =
      std::variant<bool*, std::string*, std::optional<std::string>*, std::int64_t*, std::vector<std::string>*>;

  // "--all" is an option. "USER", without dashes, is taken by its place. `target` outlives the parsing.
  Argument(std::string name, Target target, std::string what);

  Argument& required();
  Argument& one_of(std::vector<std::string> texts);
  Argument& at_most(std::int64_t number);
  // Texts are not, unless this says so: an unset variable of a script is no wish for what stands where nothing is
  // given.
  Argument& may_be_empty();
  // Both name another argument of the same command.
  Argument& needs(std::string other);
  Argument& excludes(std::string other);

  // Does it go by its name, or by its place?
  bool is_option() const;
  bool takes_value() const;
  bool may_repeat() const;

  std::string name;
  Target target;
  std::string what;
  bool is_required = false;
  bool allows_empty = false;
  std::vector<std::string> choices;  // empty: any text
  std::optional<std::int64_t> most;
  std::vector<std::string> needed;
  std::vector<std::string> excluded;
};

using Arguments = std::vector<Argument>;

// What many commands take.
Argument user_argument(std::string* user);
Argument yes_argument(bool* yes);
Arguments joined(Arguments first, const Arguments& second, const Arguments& third = {});

// A command, or a group of commands: then it takes nothing and does nothing by itself.
struct Command {
  using Action = std::function<Status(CommandContext&)>;

  std::string name;
  std::string what;
  std::string example;
  Arguments arguments;
  Action run;
  std::vector<Command> commands;
};

// A command whose options are a struct; `arguments()` of the struct binds the members.
template <class Options>
Command command(std::string name, std::string what, std::string example,
                Status (*run)(const Options&, CommandContext&)) {
  const auto options = std::make_shared<Options>();
  return {std::move(name),
          std::move(what),
          std::move(example),
          options->arguments(),
          [options, run](CommandContext& context) { return run(*options, context); },
          {}};
}
// A command that takes nothing.
Command command(std::string name, std::string what, std::string example, Command::Action run);
// `what` is followed by the names of the commands.
Command group(std::string name, std::string what, std::vector<Command> commands);

// The one of that name; nullptr where none has it.
const Command* find_command(const std::vector<Command>& commands, std::string_view name);
const Argument* find_argument(const Command& command, std::string_view name);

// Does a word of a command line begin an option? "-" alone stands for a file.
bool is_option(std::string_view word);

}  // namespace countersign::cli
