// How the agent's pinentry finds the terminal that a command was typed in.
#pragma once

namespace countersign::cli {

// In a pipe it does not find it by itself; GnuPG's manual asks for the variable GPG_TTY. Leaves one that is set.
void tell_pinentry_the_terminal();

}  // namespace countersign::cli
