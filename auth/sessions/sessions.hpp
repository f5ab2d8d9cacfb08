// Opening, admitting, refreshing and ending sessions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/records/session.hpp"

namespace countersign::auth::sessions {

struct RefreshedSession {
  records::Session session;
  Secret token;
};

// A session that holds, and what is said of its account now.
struct Admitted {
  records::Session session;
  records::Profile profile;
};

// The line of the log for a session that somebody opened.
void log_login(const records::Session& session, const Visit& visit);

// Any thread.
class Sessions {
 public:
  explicit Sessions(const Context& context) : context_(context) {}

  // A session of this account with a token of its own, its limits running; how it was opened is the caller's to fill
  // in. entropy_unavailable.
  Result<RefreshedSession> make(const records::Account& account, const Moment& moment) const;
  // Stage a new session under its token, which nobody had before.
  Status stage_open(storage::Batch& batch, const records::Session& session, const Secret& token);

  // Who holds this token now: the session, its limits, the account's state and its epoch are judged. The first use of a
  // granted session starts its limits; the idle limit is moved on coarsely. session_*, account_*, epoch_passed,
  // malformed_token, record_*, unavailable: all but the last are `denied` outside.
  Result<records::Session> admit(const Secret& token, const Visit& visit);
  // The same, with the account's profile as it was when the session was judged.
  Result<Admitted> admit_with_profile(const Secret& token, const Visit& visit);
  // The old token ends. Never past the absolute limit. As admit(), and session_replaced where the token was replaced
  // over 60 s ago (the session ends then); conflict is a denial too.
  Result<RefreshedSession> refresh(const Secret& token, const Visit& visit);
  Status end(const Secret& token, const Visit& visit);

  // Of one account: what is alive, at most `limit`. From here on malformed_account_id and malformed_message where what
  // is named is no account's id or no session's.
  Result<std::vector<records::Session>> list(const std::string& account, std::size_t limit);
  // not_found where the account has no such session.
  Result<records::Session> show(const std::string& account, const std::string& session_id);
  Status end_one(const std::string& account, const std::string& session_id, const Visit& visit);
  // Raises the account's epoch: every session and every open challenge dies.
  Status end_all(const std::string& account, const Visit& visit);

 private:
  // Its limits, from `moment` on.
  void start(records::Session& session, const Moment& moment) const;
  struct Found {
    records::Session session;
    std::string name;
    storage::Version version;
  };
  Result<Found> find_by_token(const Secret& token);
  Result<Found> find_by_name(const std::string& name);
  Result<std::optional<std::pair<Found, storage::Version>>> find_by_pointer(const std::string& account,
                                                                            const std::string& session_id);
  // conflict where the session was replaced between the two reads.
  Result<std::optional<std::pair<Found, storage::Version>>> try_pointer(const std::string& account,
                                                                        const std::string& session_id);
  // The profile of the account that the session is good for.
  Result<records::Profile> judge(const records::Session& session, const Moment& moment);
  // What admit() asks the medium, answered from what was verified before: the session where everything holds, and
  // nothing where it does not or is not known. Then the medium itself is asked.
  struct Verified {
    Found found;
    records::Profile profile;
  };
  std::optional<Verified> find_verified(const std::string& name, const Moment& moment);
  Result<Found> started(Found found, const Moment& moment, const Visit& visit);
  void touch(Found& found, const Moment& moment);
  Instant idle_limit_from(const records::Session& session, const Moment& moment) const;
  Status end_replayed(const Found& replaced, const Visit& visit, const Moment& moment);
  void stage_pointer(storage::Batch& batch, const records::Session& session, const std::string& record_name);
  Status commit_end(const Found& found, const storage::Version& pointer, const Visit& visit,
                    records::Decision decision);

  const Context& context_;
};

}  // namespace countersign::auth::sessions
