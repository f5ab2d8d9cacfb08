// The one door to auth. It owns the roles and gives each operation one method; `now` and randomness are taken once
// inside.
//
// Failures: every method fails with the codes of the role it calls, and with storage_unavailable, entropy_unavailable,
// openpgp_unavailable or secret_missing where the world does not answer. Any thread may call any method at any time,
// maintain() excepted: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/accounts/deletion.hpp"
#include "auth/accounts/enrolment.hpp"
#include "auth/accounts/legacy_import.hpp"
#include "auth/accounts/passwords.hpp"
#include "auth/authenticator_settings.hpp"
#include "auth/context.hpp"
#include "auth/keys/escrow.hpp"
#include "auth/keys/revocation.hpp"
#include "auth/keys/revocation_export.hpp"
#include "auth/keys/rotation.hpp"
#include "auth/proving/issuing.hpp"
#include "auth/sessions/login.hpp"
#include "auth/sessions/sessions.hpp"
#include "auth/upkeep/backing_up.hpp"
#include "auth/upkeep/key_upkeep.hpp"
#include "auth/upkeep/secret_upkeep.hpp"

namespace countersign::auth {

struct Ground;  // what must be there before the store can be understood
struct Roles;   // who does the work

struct Readiness {
  std::vector<std::string> warnings;  // for local callers alone
};

struct AccountView {
  records::Account account;
  std::optional<Instant> last_login;
};

class Authenticator {
 public:
  // Fails closed: startup_refused, medium_restored, record_tampered and the like. The medium, engine, clock and rng
  // outlive it.
  static Result<std::unique_ptr<Authenticator>> open(AuthenticatorSettings settings, secrets::Secrets secrets,
                                                     storage::Medium& medium, openpgp::OpenPgp& engine,
                                                     const Clock& clock, Rng& rng);
  ~Authenticator();

  // The server.
  const records::ServerIdentity& identity() const;
  const Policies& policies() const;
  // Those that a client may still know the server by (ServerIdentity::followed_at).
  std::vector<records::ServerCertificate> former_keys();
  // Fails where the server cannot do its work: key_expired, with the command that mends it, is one of the reasons.
  Result<Readiness> ready();
  // The identity record or the secrets are no longer those that were loaded: the server's key was extended or replaced,
  // another key was added or taken away, or is due. Whoever owns this Authenticator opens another.
  bool is_outdated() const;
  // It could not be done, and why: from now on this one is not ready.
  void note_left_behind(std::string why);

  // Proving who one is.
  Result<proving::IssuedChallenge> issue_challenge(const proving::ChallengeRequest& request, const Visit& visit);
  Result<sessions::LoginAnswer> log_in(const proving::Response& response, const Visit& visit);
  Result<records::Account> enrol(const proving::Response& response, const std::string& public_key, const Visit& visit,
                                 const std::optional<passwords::Password>& password = std::nullopt);
  Result<keys::ManagedAccount> add_managed_account(const accounts::NewManagedAccount& request, const Visit& visit);
  Result<accounts::HeldEnrolment> hold_enrolment(const std::optional<proving::Response>& response,
                                                 const std::string& public_key, const Visit& visit);

  // Passwords: auth/accounts/passwords.hpp.
  Result<sessions::RefreshedSession> log_in(const records::AccountName& name, const passwords::Password& password,
                                            const Visit& visit);
  Status change_password(const records::AccountName& name, const passwords::Password& password,
                         const passwords::Password& next, const Visit& visit);
  Status change_password(const proving::Response& response, const passwords::Password& next, const Visit& visit);
  WorkCounts hasher_counts() const;

  records::VerifiedRecords::Counts record_counts() const;

  // What a sealed challenge asks for, so that its response finds its operation. challenge_invalid; nothing else about
  // it is judged.
  Result<records::Purpose> purpose_of(std::string_view challenge) const;

  // Withdrawing and changing one's key.
  Result<records::RevocationRecord> revoke(const proving::Response& response, const Visit& visit);
  Result<records::RevocationRecord> revoke_by_certificate(const std::string& account, const std::string& revocation,
                                                          const Visit& visit);
  Result<records::Account> rotate(const keys::RotationResponse& response, const Visit& visit);
  // By password.
  Result<records::RevocationRecord> revoke(const records::AccountName& name, const passwords::Password& password,
                                           const std::string& reason, const std::string& note, const Visit& visit);
  Result<keys::ManagedAccount> rotate(const records::AccountName& name, const passwords::Password& password,
                                      const passwords::Password& next, const Visit& visit);
  // The escrowed key, armored and as it was protected: auth/keys/escrow.hpp.
  Result<Secret> hand_out_key(const records::AccountName& name, const passwords::Password& password,
                              const Visit& visit);

  // Sessions, by their token and by their account.
  Result<records::Session> admit(const Secret& token, const Visit& visit);
  Result<sessions::RefreshedSession> refresh_session(const Secret& token, const Visit& visit);
  Status end_session(const Secret& token, const Visit& visit);
  Result<std::vector<records::Session>> list_sessions(const std::string& account, std::size_t limit);
  Result<records::Session> show_session(const std::string& account, const std::string& session_id);
  Status end_session_of(const std::string& account, const std::string& session_id, const Visit& visit);
  Status end_all_sessions(const std::string& account, const Visit& visit);

  // Administration.
  Result<records::Account> add_account(const accounts::NewAccount& request, const Visit& visit);
  Result<records::Account> confirm_enrolment(const accounts::Confirmation& confirmed, const Visit& visit);
  Status set_password(const records::AccountName& name, const passwords::Password& next, const Visit& visit);
  Status remove_password(const records::AccountName& name, const Visit& visit);
  Result<std::vector<accounts::HeldEnrolment>> list_held_enrolments();
  Result<records::RevocationRecord> revoke_account(const std::string& account, const std::string& reason,
                                                   const std::string& note, const Visit& visit);
  Result<records::Account> restore_account(const std::string& account, const std::string& public_key,
                                           const Visit& visit);
  Result<records::Account> rotate_account(const std::string& account, const std::string& public_key,
                                          const Visit& visit);
  Result<keys::ManagedAccount> rotate_managed_account(const std::string& account, const passwords::Password& next,
                                                      bool escrow, const Visit& visit);
  Result<Secret> hand_out_key(const std::string& account, const Visit& visit);
  Result<records::Account> delete_account(const std::string& account, const Visit& visit);
  Result<std::string> export_revocations();
  Result<keys::AppliedExport> apply_revocations(std::string_view text, const Visit& visit);
  Result<accounts::LegacyImportSummary> import_legacy(const accounts::LegacyImportOrder& order,
                                                      const Progress& progress, const Visit& visit);
  Result<std::vector<std::string>> list_accounts(std::string_view after, std::size_t limit);
  Result<AccountView> show_account(const std::string& account);
  Result<std::vector<records::AuditRecord>> list_audit(std::string_view writer, std::size_t limit);
  Result<records::AuditReport> verify_audit(const Progress& progress);
  // The medium as a file (auth/records/backup_file.hpp), while it is in use; never the server's secrets.
  Result<upkeep::BackupReport> back_up(records::ByteSink sink, const Progress& progress);
  Status accept_clock(const Visit& visit);
  Result<upkeep::ServerKeyView> show_server_key();
  Result<upkeep::ServerKeyView> extend_server_key(const std::optional<Instant>& expires_at, const Visit& visit);
  Result<upkeep::ServerKeyView> refresh_server_key(const Visit& visit);
  Result<upkeep::ServerKeyView> replace_server_key(const upkeep::KeyReplacement& request, const Visit& visit);
  Result<std::vector<upkeep::SecretView>> list_secrets(const Progress& progress);
  Result<upkeep::SecretView> rotate_secret(const std::string& family, Seconds after, const Visit& visit);
  Result<upkeep::Resealing> reseal_records(const Visit& visit, const Progress& progress);
  Result<upkeep::Retired> retire_secret(const std::string& id, bool leaked, const Visit& visit,
                                        const Progress& progress);

  // Refusals are counted; maintain() writes a bounded summary of them, and the levels of the limits.
  void count_refusal(ErrorCode code);
  // What a timer does, about once a second: alarms when the clock goes wrong, sweeps a page, saves the latest time and
  // the floor, looks whether the identity record or the secrets changed, warns before the server's key ends, summarises
  // refusals once a minute, looks after decoys and revocations once an hour. All of it, then the first failure.
  Status maintain();
  // At the end of a process that changed something: the floor learns of it.
  Status close();

 private:
  explicit Authenticator(std::unique_ptr<Ground> ground);
  Status start();
  // Limits what comes over a network; whoever sits at the machine is not a stranger.
  Status throttle(const Visit& visit);
  // The same of a password, by its source and by the account that it claims.
  Status throttle_password(const Visit& visit, const std::string& account);
  // A token that opened nothing counts; one that opens is never limited.
  Status throttle_token(const Error& refused, const Visit& visit);
  // What was counted since the last time, in one batch: refusals, and the levels of the limits.
  Status save_counts();
  // Counts the accounts for the decoys; completes what waits for the server's key: signatures of revocation records,
  // and metadata.
  Status look_after_accounts();
  void watch_clock();
  Status watch_server_key();
  Status watch_secrets();
  Status judge_up_to_date();

  std::unique_ptr<Ground> ground_;
  std::unique_ptr<Roles> roles_;
};

}  // namespace countersign::auth
