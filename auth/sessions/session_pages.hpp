// Sessions for whoever may know of every account, a page at a time.
#pragma once

#include <string>
#include <vector>

#include "auth/sessions/sessions.hpp"

namespace countersign::auth::sessions {

struct SessionPage {
  std::vector<records::Session> sessions;
  std::string next;  // where to go on: "<account id>/<session id>" of the last one; empty where nothing follows
};

// What is alive, of one account or (empty) of all, behind `after`: by account id, and by session id within an account.
// malformed_message where `after` is no such place, malformed_account_id; else as Sessions::show().
Result<SessionPage> read_sessions(storage::Medium& medium, Sessions& sessions, const std::string& account,
                                  const std::string& after, std::size_t limit);

}  // namespace countersign::auth::sessions
