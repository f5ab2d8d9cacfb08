#include "cli/manual.hpp"

#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "cli/setting_values.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

constexpr std::string_view kSettingsPage = "countersign.toml.5";

// What scdoc would take for markup, in text but for headings. A dot and an apostrophe it escapes itself, where they
// begin a line.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\*_`#[]|+<>").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string bold(std::string_view text) {
  return "*" + escaped(text) + "*";
}

std::string underlined(std::string_view text) {
  return "_" + escaped(text) + "_";
}

std::string section(std::string_view name, std::string_view text) {
  return fmt::format("# {}\n\n{}\n", name, text);
}

// As CLI11 names the kinds of values.
std::string_view value_kind(const Argument& argument) {
  return std::holds_alternative<std::int64_t*>(argument.target) ? "INT" : "TEXT";
}

std::string written(const Argument& argument) {
  if (!argument.is_option()) return underlined(argument.name) + (argument.may_repeat() ? "..." : "");
  return argument.takes_value() ? bold(argument.name) + " " + underlined(value_kind(argument)) : bold(argument.name);
}

std::string joined_bold(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + bold(name);
  return out;
}

std::string explained(const Argument& argument) {
  std::string what = escaped(argument.what);
  if (argument.is_required) what += "; required";
  if (!argument.choices.empty()) what += "; one of " + joined_bold(argument.choices);
  if (std::holds_alternative<std::int64_t*>(argument.target)) {
    what += argument.most ? fmt::format("; from 1 to {}", *argument.most) : "; from 1 on";
  }
  if (argument.is_option() && argument.may_repeat()) what += "; may be given again";
  if (!argument.needed.empty()) what += "; needs " + joined_bold(argument.needed);
  if (!argument.excluded.empty()) what += "; not with " + joined_bold(argument.excluded);
  return fmt::format("{}\n\t{}\n\n", written(argument), what);
}

std::string explained_all(const Arguments& arguments) {
  std::string out;
  for (const Argument& argument : arguments) out += explained(argument);
  return out;
}

// Options that must be given and what goes by its place; the others are [OPTION...].
std::string usage_of(const std::string& path, const Command& command) {
  std::string options, places;
  bool has_more = false;
  for (const Argument& argument : command.arguments) {
    if (!argument.is_option()) {
      places += argument.is_required ? " " + written(argument) : " [" + written(argument) + "]";
    } else if (argument.is_required) {
      options += " " + written(argument);
    } else {
      has_more = true;
    }
  }
  return bold(path) + (has_more ? " [" + underlined("OPTION") + "...]" : "") + options + places;
}

std::string example_of(const Command& command) {
  std::string out = "Example:\n\n```\n";
  for (std::string_view line : split_lines(command.example)) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    for (const char c : line) out += c == '\\' ? "\\\\" : std::string(1, c);
    out += "\n";
  }
  return out + "```\n\n";
}

std::string list_of(const std::vector<Command>& commands, const std::string& prefix) {
  std::string out;
  for (const Command& command : commands) {
    out += fmt::format("{}\n\t{}\n\n", bold(prefix + command.name), escaped(command.what));
  }
  return out;
}

struct Prose {
  std::string_view description;
  std::string_view sections;  // each begins with "# "
};

Prose split_prose(std::string_view prose) {
  const auto at = prose.starts_with("# ") ? 0 : prose.find("\n# ");
  if (at == std::string_view::npos) return {prose, {}};
  return {prose.substr(0, at), prose.substr(prose.starts_with("# ") ? at : at + 1)};
}

// What a page says between what is written by hand.
struct Parts {
  std::string about;
  std::string synopsis;
  std::string sections;
};

Parts parts_of_program(const std::vector<Command>& commands) {
  Parts parts;
  parts.about = kProgramIs;
  parts.about.pop_back();
  parts.synopsis = fmt::format("{} {} [{}...]\n", bold(kProgram), underlined("COMMAND"), underlined("OPTION"));
  parts.sections =
      section("OPTIONS", "Before the command or behind it:\n\n" + explained_all(CommandLine().arguments()) +
                             bold("--help") + "\n\tExplain the command\n\n" + bold("--version") +
                             "\n\tThe program's version\n") +
      section("COMMANDS", list_of(commands, ""));
  return parts;
}

constexpr const char* kOfEveryCommand =
    "Of every command: *--data* _DIR_, *--json*, *--full* and *--help*; see *countersign*(1).\n";

Parts parts_of_command(const Command& command) {
  const std::string path = std::string(kProgram) + " " + command.name;
  Parts parts;
  parts.about = command.what;
  if (command.commands.empty()) {
    parts.synopsis = usage_of(path, command) + "\n";
    parts.sections = section("OPTIONS", explained_all(command.arguments) + kOfEveryCommand) +
                     section("EXAMPLES", example_of(command));
    return parts;
  }
  std::string described;
  for (const Command& one : command.commands) {
    const std::string own_path = path + " " + one.name;
    parts.synopsis += (parts.synopsis.empty() ? "" : "++\n") + usage_of(own_path, one);
    described +=
        fmt::format("## {}\n\n{}.\n\n{}{}", own_path, escaped(one.what), explained_all(one.arguments), example_of(one));
  }
  parts.synopsis += "\n";
  parts.sections = section("COMMANDS", described + kOfEveryCommand);
  return parts;
}

Parts parts_of_settings(std::string_view about) {
  Parts parts;
  parts.about = about;
  const Settings defaults;
  std::string settings, table;
  for (const SettingRow& row : setting_table()) {
    const std::string key(row.key);
    const auto dot = key.find('.');
    const std::string own_table = dot == std::string::npos ? "" : key.substr(0, dot);
    if (own_table != table) settings += "## [" + own_table + "]\n\n";
    table = own_table;
    std::string what = escaped(row.reason);
    if (const std::string value = row.get(defaults); !value.empty()) {
      what += " Default: " + escaped(in_toml(row.form, value)) + ".";
    }
    what += " Variable: " + escaped(variable_of(row)) + ".";
    if (row.only_at_start) what += " A change waits for a start.";
    settings += fmt::format("{}\n\t{}\n\n", bold(dot == std::string::npos ? key : key.substr(dot + 1)), what);
  }
  parts.sections = section("SETTINGS", settings);
  return parts;
}

Result<Parts> parts_of(std::string_view page, std::string_view about, const std::vector<Command>& commands) {
  const std::string program = std::string(kProgram) + ".1";
  if (page == program) return parts_of_program(commands);
  if (page == kSettingsPage) return parts_of_settings(about);
  if (!page.ends_with(".1")) return Parts{std::string(about), {}, {}};
  const std::string prefix = std::string(kProgram) + "-";
  const Command* command = nullptr;
  if (page.starts_with(prefix))
    command = find_command(commands, page.substr(prefix.size(), page.size() - prefix.size() - 2));
  if (command == nullptr) return fail(ErrorCode::usage, fmt::format("{} is of no command", page));
  return parts_of_command(*command);
}

}  // namespace

Result<std::string> manual_page(std::string_view page, std::string_view prose, const std::vector<Command>& commands) {
  const auto dot = page.rfind('.');
  if (dot == std::string_view::npos || dot + 2 != page.size()) {
    return fail(ErrorCode::usage, fmt::format("{} is no name with a section", page));
  }
  std::string_view about;
  if (!page.ends_with(".1")) {
    const auto end = prose.find('\n');
    about = prose.substr(0, end);
    prose.remove_prefix(end == std::string_view::npos ? prose.size() : end + 1);
  }
  const Parts parts = TRY(parts_of(page, about, commands));
  if (parts.about.empty()) return fail(ErrorCode::usage, fmt::format("what {} is about is not said", page));
  const Prose written_by_hand = split_prose(prose);
  const std::string_view name = page.substr(0, dot);
  std::string out =
      fmt::format("{}({}) \"{} {}\" \"Countersign\"\n\n", name, page.substr(dot + 1), kProgram, COUNTERSIGN_VERSION);
  out += section("NAME", fmt::format("{} - {}\n", name, escaped(parts.about)));
  if (!parts.synopsis.empty()) out += section("SYNOPSIS", parts.synopsis);
  out += section("DESCRIPTION", written_by_hand.description);
  out += parts.sections;
  out += written_by_hand.sections;
  return out;
}

}  // namespace countersign::cli
