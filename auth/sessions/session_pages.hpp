// Sessions for whoever may know of every account, a page at a time.
#pragma once

#include <string>
#include <vector>

#include "auth/sessions/sessions.hpp"

namespace countersign::auth::sessions {

struct DamagedSession {
  std::string account;
  std::string session;
  Error error;
};

struct SessionPage {
  std::vector<records::Session> sessions;
  std::vector<DamagedSession> damaged;  // what cannot be read opens nothing, and hides nothing else
  std::string next;  // where to go on: "<account id>/<session id>" of the last of both; empty where nothing follows
};

// What is alive, of one account or (empty) of all, behind `after`: by account id, and by session id within an account.
// malformed_message where `after` is no such place, malformed_account_id; else as Sessions::show(), whose
// record_tampered and record_unreadable are of one session alone.
Result<SessionPage> read_sessions(storage::Medium& medium, Sessions& sessions, const std::string& account,
                                  const std::string& after, std::size_t limit);

}  // namespace countersign::auth::sessions
