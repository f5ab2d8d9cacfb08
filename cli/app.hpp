// The command tree: arguments into the option structs of the commands, and their outcome into an exit code.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.hpp"
#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"

namespace countersign::cli {

// Without the program's name. Help and --version go to stdout and are ok; whatever the arguments have wrong is
// `malformed` (2). A command's error is printed here and nowhere else.
ExitCode run_app(const std::vector<std::string>& arguments, Terminal& terminal, const Environment& environment);

}  // namespace countersign::cli
