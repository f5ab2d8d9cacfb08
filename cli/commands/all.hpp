// The commands of the program. Each file of this folder describes those of one noun beside what they do.
#pragma once

#include <vector>

#include "cli/command.hpp"

namespace countersign::cli::commands {

// In the order in which help lists them.
std::vector<Command> all();

// Each is in the file of its name; restore is in backup.cpp.
Command account_command();
Command account_import_command();
Command audit_command();
Command backup_command();
Command challenge_command();
Command clock_command();
Command completion_command();
Command courier_command();
Command courier_open_command();
Command courier_sign_command();
Command enrol_command();
Command init_command();
Command invite_command();
Command join_command();
Command login_command();
Command logout_command();
Command password_command();
Command redeem_command();
Command respond_command();
Command restore_command();
Command revocation_command();
Command revoke_command();
Command rotate_command();
Command secret_command();
Command serve_command();
Command server_command();
Command server_key_command();
Command session_command();
Command status_command();
Command version_command();
Command whoami_command();

}  // namespace countersign::cli::commands
