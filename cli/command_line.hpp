// Arguments of the process into a command and its options.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

inline constexpr const char* kProgram = "countersign";
inline constexpr const char* kProgramIs = "An OpenPGP challenge-response authentication server, and its clients.";

struct CommandLine {
  std::string text;     // help or the version: to be printed, and nothing is run
  Command::Action run;  // else
  std::string data;     // --data as it was given; empty where it was not
  bool json = false;
  bool full = false;

  // Those of every command.
  Arguments arguments() {
    return {
        {"--data", &data, "The data folder; else COUNTERSIGN_DATA, else the XDG state folder"},
        {"--json", &json, "Answers as JSON"},
        {"--full", &full, "Tables whole: no id shortened, no column left out, no text cut"},
    };
  }
};

// Writes the options of the command that is named. usage, with the command that was probably meant where a name is
// mistyped. `arguments` are without the program's name.
Result<CommandLine> read_command_line(std::vector<std::string> arguments, const std::vector<Command>& commands);

// The command whose help says more: "countersign account add", or a group of commands, or the program. It is read as
// far as the arguments name one.
std::string command_named(const std::vector<std::string>& arguments, const std::vector<Command>& commands);

}  // namespace countersign::cli
