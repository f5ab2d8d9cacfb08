// What people do with passwords: log in, change them; and what administrators do: set and remove them.
//
// A login requires the account's version in its batch, so that a change of password that races it wins or loses as a
// whole (S15, S35). Every change raises the epoch: all sessions and open challenges of the account end.
#pragma once

#include <string>

#include "auth/proving/password_check.hpp"
#include "auth/proving/proof.hpp"
#include "auth/sessions/sessions.hpp"

namespace countersign::auth::accounts {

// Any thread. `account` is an id. As PasswordCheck::prove() where a password is asked for; a conflict is
// read and judged again, three times at most, and then storage_unavailable.
class Passwords {
 public:
  Passwords(const Context& context, sessions::Sessions& sessions)
      : context_(context),
        sessions_(sessions),
        check_(context.medium, context.accounts, context.password_hashes),
        proof_(context) {}

  // For operations that take a password as their proof.
  proving::PasswordCheck& check() { return check_; }

  // Opens a session of the method `password`. A legacy hash is replaced, a weaker one renewed, and a name that was not
  // known yet recorded, in the same batch.
  Result<sessions::RefreshedSession> log_in(const records::AccountName& name, const passwords::Password& password,
                                            const Visit& visit);
  Status change(const std::string& account, const passwords::Password& password, const passwords::Password& next,
                const Visit& visit);
  // By a `password` response: whoever holds the key sets one, also where there was none. As Login::redeem().
  Status change(const proving::Response& response, const passwords::Password& next, const Visit& visit);

  // By an administrator. not_found, also where there is none to remove; account_not_active.
  Status set(const std::string& account, const passwords::Password& next, const Visit& visit);
  Status remove(const std::string& account, const Visit& visit);

 private:
  Result<sessions::RefreshedSession> open_session(const proving::PasswordProof& proof, const std::string& username,
                                                  const Moment& moment, const Visit& visit);
  // Raises the epoch and commits; `hashed` null: none from now on.
  Status commit_change(const records::StoredAccount& stored, const passwords::HashedPassword* hashed,
                       records::AuditEntry entry, storage::Batch& batch);
  // Is the response good for the account as it is now?
  Result<records::StoredAccount> judge_response(const records::OpenedChallenge& opened,
                                                const proving::Response& response, const Moment& moment);
  Result<records::StoredAccount> find_active(const std::string& account);

  const Context& context_;
  sessions::Sessions& sessions_;
  proving::PasswordCheck check_;
  proving::Proof proof_;
};

}  // namespace countersign::auth::accounts
