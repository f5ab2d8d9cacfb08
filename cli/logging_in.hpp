// Challenge, response and session in one, and where the token of the session is kept.
#pragma once

#include <filesystem>
#include <string>

#include "cli/asked_server.hpp"
#include "storage/base/json.hpp"

namespace countersign::cli {

// The server's answer on the session that there is now, with the member `token`: wipe it. `user` is a username or an
// account id. not_found where none of the user's keys opens the challenge.
Result<Json> log_in_at(transport::http::HttpClient& client, ClientSide& side,
                       const auth::client::ServerExpectation& expected, const std::string& user, Terminal& terminal);

// Moves the token into its file (cli/session_token.hpp); what is left of the answer, with the member `saved`. As
// save_token().
Result<Json> keep_session(const std::filesystem::path& file, Json session);

}  // namespace countersign::cli
