// What `init` asks whoever sits at a terminal and passed no --server.
#pragma once

#include "cli/command_context.hpp"

namespace countersign::cli::commands {

// Asks for the server's name, the data folder where nothing says it yet, how the server is reached, and whether it has
// pages, each with what most houses want; what a setting does not take is asked for again. usage where there is no
// terminal, failed where the input ends.
Status ask_for_settings(Settings& settings, CommandContext& context);

}  // namespace countersign::cli::commands
