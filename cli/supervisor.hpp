// Who started the server and waits for it, as systemd does for a service of Type=notify (sd_notify(3)).
#pragma once

#include <filesystem>
#include <optional>

namespace countersign::cli {

// "READY=1" or "STOPPING=1". Nothing where nobody waits: $NOTIFY_SOCKET is unset. Where the word does not get there,
// the log has it.
void tell_supervisor(const char* state);

// The file of a credential (LoadCredential=, LoadCredentialEncrypted=), in $CREDENTIALS_DIRECTORY. Nothing where
// systemd hands none of that name over.
std::optional<std::filesystem::path> find_credential(const char* name);

}  // namespace countersign::cli
