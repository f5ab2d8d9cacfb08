// The one door to auth. It owns the roles and gives each operation one method; `now` and randomness are taken once
// inside.
//
// Failures: every method fails with the codes of the role it calls, and with storage_unavailable, entropy_unavailable,
// openpgp_unavailable or secret_missing where the world does not answer. Any thread may call any method at any time,
// maintain() excepted: one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "auth/accounts/deletion.hpp"
#include "auth/accounts/enrolment.hpp"
#include "auth/challenges/issuing.hpp"
#include "auth/challenges/login.hpp"
#include "auth/context.hpp"
#include "auth/keys/revocation.hpp"
#include "auth/keys/revocation_export.hpp"
#include "auth/keys/rotation.hpp"
#include "auth/sessions/sessions.hpp"

namespace countersign::auth {

struct AuthenticatorSettings {
  std::string server_name;
  openpgp::Fingerprint server_fingerprint;
  std::filesystem::path floor_path;
  std::string writer;  // of the audit chain: the server's instance name, or "cli"
  Policies policies;
  std::filesystem::path ballast_path = {};  // empty: none is kept
};

struct AccountView {
  Account account;
  std::optional<Instant> last_login;
};

class Authenticator {
 public:
  // Fails closed: startup_refused, medium_restored, record_tampered and the like. The medium, engine, clock and rng
  // outlive it.
  static Result<std::unique_ptr<Authenticator>> open(AuthenticatorSettings settings, Secrets secrets,
                                                     storage::Medium& medium, openpgp::OpenPgp& engine,
                                                     const Clock& clock, Rng& rng);
  ~Authenticator();

  // The server.
  const ServerIdentity& identity() const;
  const Policies& policies() const;
  Status ready();

  // Proving who one is.
  Result<IssuedChallenge> issue_challenge(const ChallengeRequest& request, const Visit& visit);
  Result<LoginAnswer> log_in(const Response& response, const Visit& visit);
  Result<Account> enrol(const Response& response, const std::string& public_key, const Visit& visit);
  Result<HeldEnrolment> hold_enrolment(const std::optional<Response>& response, const std::string& public_key,
                                       const Visit& visit);

  // What a sealed challenge asks for, so that its response finds its operation. challenge_invalid; nothing else about
  // it is judged.
  Result<Purpose> purpose_of(std::string_view challenge) const;

  // Withdrawing and changing one's key.
  Result<RevocationRecord> revoke(const Response& response, const Visit& visit);
  Result<RevocationRecord> revoke_by_certificate(const std::string& account, const std::string& revocation,
                                                 const Visit& visit);
  Result<Account> rotate(const RotationResponse& response, const Visit& visit);

  // Sessions, by their token and by their account.
  Result<Session> admit(const Secret& token, const Visit& visit);
  Result<RefreshedSession> refresh_session(const Secret& token, const Visit& visit);
  Status end_session(const Secret& token, const Visit& visit);
  Result<std::vector<Session>> list_sessions(const std::string& account, std::size_t limit);
  Result<Session> show_session(const std::string& account, const std::string& session_id);
  Status end_session_of(const std::string& account, const std::string& session_id, const Visit& visit);
  Status end_all_sessions(const std::string& account, const Visit& visit);

  // Administration.
  Result<Account> add_account(const NewAccount& request, const Visit& visit);
  Result<Account> confirm_enrolment(const openpgp::Fingerprint& fingerprint, const std::string& username,
                                    const Visit& visit);
  Result<std::vector<HeldEnrolment>> list_held_enrolments();
  Result<RevocationRecord> revoke_account(const std::string& account, const std::string& reason,
                                          const std::string& note, const Visit& visit);
  Result<Account> restore_account(const std::string& account, const std::string& public_key, const Visit& visit);
  Result<Account> rotate_account(const std::string& account, const std::string& public_key, const Visit& visit);
  Result<Account> delete_account(const std::string& account, const Visit& visit);
  Result<std::string> export_revocations();
  Result<AppliedExport> apply_revocations(std::string_view text, const Visit& visit);
  Result<std::vector<std::string>> list_accounts(std::string_view after, std::size_t limit);
  Result<AccountView> show_account(const std::string& account);
  Result<std::vector<AuditRecord>> list_audit(std::string_view writer, std::size_t limit);
  Result<AuditReport> verify_audit(const std::function<void(std::int64_t)>& progress);
  Status accept_clock(const Visit& visit);

  // Refusals are counted; maintain() writes a bounded summary of them.
  void count_refusal(ErrorCode code);
  // What a timer does, about once a second: alarms when the clock goes wrong, sweeps a page, saves the latest time and
  // the floor, summarises refusals once a minute, looks after decoys and revocations once an hour. All of it, then the
  // first failure.
  Status maintain();
  // At the end of a process that changed something: the floor learns of it.
  Status close();

 private:
  struct Ground;  // what must be there before the store can be understood
  struct Roles;
  explicit Authenticator(std::unique_ptr<Ground> ground);
  Status start();
  // Limits what comes over a network; whoever sits at the machine is not a stranger.
  Status throttle(const Visit& visit);
  Status summarise_refusals();
  // Counts the accounts for the decoys; completes revocation records whose signature is missing.
  Status look_after_accounts();
  void watch_clock();

  std::unique_ptr<Ground> ground_;
  std::unique_ptr<Roles> roles_;
};

}  // namespace countersign::auth
