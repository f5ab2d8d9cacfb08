// The gpg-agent of a GnuPG home, asked by gpg-connect-agent. For auth/client as well.
#pragma once

#include <string>

#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gnupg {

// What it answers to one command of its protocol, as gpg-connect-agent prints it: "D " and data, "S " and a status,
// "OK" or "ERR ". Empty where no agent answers; it is started where none runs. `code` where the program cannot be run.
// Any thread.
Result<Secret> ask_agent(const std::string& home, const char* command, ErrorCode code);

// gnupg_failed where no agent answers: then gpg finds no secret key, whichever are there.
Status check_agent(const std::string& home);

}  // namespace countersign::auth::openpgp::gnupg
