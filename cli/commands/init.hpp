// Makes a data folder: the storage, the secrets, the server's key and countersign.toml.
#pragma once

#include <string>

#include "cli/command_context.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

struct InitOptions {
  std::string server;   // the server's name
  std::string storage;  // "sqlite" or "directory"; empty: sqlite
  // The fingerprint of a key in the operator's GnuPG home (GNUPGHOME, else ~/.gnupg), perhaps in a token, that signs
  // for the server; it stays there. Empty: a new key, kept among the secrets.
  std::string server_key;
};
Status run_init(const InitOptions& options, CommandContext& context);

}  // namespace countersign::cli
