// The token of a session, as a client keeps it: never on a command line, never in the environment.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "storage/base/secret.hpp"

namespace countersign::cli {

// The saved token of the server that answers at this URL, in its one spelling: a file of mode 0600 beneath
// $XDG_DATA_HOME/countersign/sessions, else ~/.local/share/countersign/sessions. invalid_settings.
Result<std::filesystem::path> saved_token_file(const Environment& environment, const std::string& url);

// The folder that a token goes to: made before there is a token, so that none is lost. As save_token().
Status make_token_folder(const std::filesystem::path& file);
// Over one that is there. storage_unavailable; file_refused where the folder is open to others.
Status save_token(const std::filesystem::path& file, const Secret& token);

// Where a command takes the token from: a file, stdin, or what `login --save` left.
struct TokenSource {
  std::string file;  // --token-file; "-" is stdin, empty is what was saved

  Arguments arguments();
  // not_found where none was saved for that URL, with the command that does; malformed_token where it is none; as
  // read_input() and read_private_file().
  Result<Secret> read(CommandContext& context, const std::string& url) const;
  // What was saved for that URL is removed, if the token came from there. storage_unavailable.
  Status forget(const CommandContext& context, const std::string& url) const;
};

}  // namespace countersign::cli
