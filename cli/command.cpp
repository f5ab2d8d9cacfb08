#include "cli/command.hpp"

#include <algorithm>

namespace countersign::cli {

Argument::Argument(std::string its_name, Target its_target, std::string its_what)
    : name(std::move(its_name)), target(its_target), what(std::move(its_what)) {}

Argument& Argument::required() {
  is_required = true;
  return *this;
}

Argument& Argument::one_of(std::vector<std::string> texts) {
  choices = std::move(texts);
  return *this;
}

Argument& Argument::at_most(std::int64_t number) {
  most = number;
  return *this;
}

Argument& Argument::may_be_empty() {
  allows_empty = true;
  return *this;
}

Argument& Argument::needs(std::string other) {
  needed.push_back(std::move(other));
  return *this;
}

Argument& Argument::excludes(std::string other) {
  excluded.push_back(std::move(other));
  return *this;
}

bool Argument::is_option() const {
  return cli::is_option(name);
}

bool Argument::takes_value() const {
  return !std::holds_alternative<bool*>(target);
}

bool Argument::may_repeat() const {
  return std::holds_alternative<std::vector<std::string>*>(target);
}

Argument user_argument(std::string* user) {
  return Argument("USER", user, "A username, an account id or 8 digits of one").required();
}

Argument yes_argument(bool* yes) {
  return {"--yes", yes, "Do not ask"};
}

Arguments joined(Arguments first, const Arguments& second, const Arguments& third) {
  first.insert(first.end(), second.begin(), second.end());
  first.insert(first.end(), third.begin(), third.end());
  return first;
}

Command command(std::string name, std::string what, std::string example, Command::Action run) {
  return {std::move(name), std::move(what), std::move(example), {}, std::move(run), {}};
}

Command group(std::string name, std::string what, std::vector<Command> commands) {
  std::string names;
  for (const Command& one : commands) names += (names.empty() ? ": " : ", ") + one.name;
  return {std::move(name), what + names, {}, {}, {}, std::move(commands)};
}

const Command* find_command(const std::vector<Command>& commands, std::string_view name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command& one) { return one.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

const Argument* find_argument(const Command& command, std::string_view name) {
  const auto found = std::find_if(command.arguments.begin(), command.arguments.end(),
                                  [&](const Argument& one) { return one.name == name; });
  return found == command.arguments.end() ? nullptr : &*found;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

}  // namespace countersign::cli
