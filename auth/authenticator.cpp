#include "auth/authenticator.hpp"

#include "auth/base/account_id.hpp"
#include "auth/base/log.hpp"
#include "auth/roles.hpp"

namespace countersign::auth {
Authenticator::Authenticator(std::unique_ptr<Ground> ground) : ground_(std::move(ground)) {}
Authenticator::~Authenticator() = default;

Result<std::unique_ptr<Authenticator>> Authenticator::open(AuthenticatorSettings settings, secrets::Secrets secrets,
                                                           storage::Medium& medium, openpgp::OpenPgp& engine,
                                                           const Clock& clock, Rng& rng) {
  std::unique_ptr<Authenticator> self(
      new Authenticator(std::make_unique<Ground>(std::move(settings), std::move(secrets), medium, engine, clock, rng)));
  TRY(self->start());
  return self;
}

Status Authenticator::start() {
  const AuthenticatorSettings& settings = ground_->settings;
  if (!storage::check_name(records::audit_name(settings.writer, 1)) || settings.writer.find('/') != std::string::npos) {
    return fail(ErrorCode::startup_refused, "a writer of the audit record is named with a-z, 0-9, '.', '_' and '-'");
  }
  auto identity = TRY(
      records::ServerIdentity::load(ground_->medium, ground_->seal, settings.server_name, settings.server_fingerprint));
  ground_->record_key_in_use = TRY(
      secrets::FileLock::share(ground_->secrets.folder() / secret_file_name(secrets::SecretFamily::record,
                                                                            ground_->secrets.newest_record_key().id)));
  auto floor = TRY(records::Floor::load(settings.floor_path, ground_->seal));
  TRY(floor->judge_age(ground_->medium, identity.restores()));
  if (!settings.applies_revocations) TRY(floor->judge_revocations(ground_->medium));
  floor->note_restores(identity.restores());
  auto key_facts = identity.inspect(ground_->engine, ground_->clock.now());
  if (!key_facts) {
    return fail(ErrorCode::startup_refused, "the server's certificate: " + key_facts.error().detail);
  }
  roles_ = std::make_unique<Roles>(*ground_, std::move(identity), *std::move(key_facts), std::move(floor));
  roles_->heads_at_start = roles_->floor->heads();
  TRY(roles_->timekeeper.load());
  const Instant now = roles_->timekeeper.now().wall;
  const Status tested = settings.self_test ? roles_->identity.self_test(ground_->engine, now) : ok();
  // A key that has expired signs nothing, so there is nothing to test, and the rest of the server goes on without it.
  if (!tested && roles_->key_watch.judge(now) && !settings.mends_key) return tested;
  if (const Status loaded = roles_->limits.load(now, ground_->clock.monotonic()); !loaded) {
    if (face_of(loaded.error().code) == Face::unavailable) return loaded;
    // Whoever could damage the record could as well take it away: no reason to let nobody in, and one to be told.
    log_event(LogLevel::alarm, "limits begin anew",
              {{"code", countersign::name_of(loaded.error().code)}, {"detail", loaded.error().detail}});
  }
  return roles_->decoys.load(now);
}

const records::ServerIdentity& Authenticator::identity() const {
  return roles_->identity;
}
const Policies& Authenticator::policies() const {
  return ground_->settings.policies;
}

std::vector<records::ServerCertificate> Authenticator::former_keys() {
  return roles_->identity.followed_at(roles_->timekeeper.now().wall);
}

Status Authenticator::throttle(const Visit& visit) {
  if (visit.arrival != Arrival::http || !policies().rate_limit) return ok();
  return roles_->limits.take_request(visit.source, ground_->clock.monotonic());
}

Status Authenticator::throttle_password(const Visit& visit, const std::string& account) {
  if (visit.arrival != Arrival::http || !policies().rate_limit) return ok();
  return roles_->limits.take_password(visit.source, account, ground_->clock.monotonic());
}

Status Authenticator::throttle_token(const Error& refused, const Visit& visit) {
  if (public_face_of(refused.code) != Face::denied) return ok();
  return throttle(visit);
}

Result<proving::IssuedChallenge> Authenticator::issue_challenge(const proving::ChallengeRequest& request,
                                                                const Visit& visit) {
  TRY(throttle(visit));
  auto issued = roles_->issuing.issue(request, visit);
  if (issued || issued.error().code != ErrorCode::openpgp_unavailable) return issued;
  // Of what the engine cannot do the end of the key is the one reason that somebody can mend at once.
  const Status judged = roles_->key_watch.judge(roles_->timekeeper.now().wall);
  if (judged) return issued;
  return fail(ErrorCode::openpgp_unavailable, judged.error().detail);
}

Result<sessions::LoginAnswer> Authenticator::log_in(const proving::Response& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->login.redeem(response, visit);
}

Result<records::Account> Authenticator::enrol(const proving::Response& response, const std::string& public_key,
                                              const Visit& visit, const std::optional<passwords::Password>& password) {
  TRY(throttle(visit));
  return roles_->enrolment.enrol(response, public_key, password, visit);
}

Result<keys::ManagedAccount> Authenticator::add_managed_account(const accounts::NewManagedAccount& request,
                                                                const Visit& visit) {
  TRY(throttle_password(visit, account_id_of(request.username)));
  return roles_->enrolment.add_managed(request, visit);
}

Result<accounts::HeldEnrolment> Authenticator::hold_enrolment(const std::optional<proving::Response>& response,
                                                              const std::string& public_key, const Visit& visit) {
  return roles_->enrolment.hold(response, public_key, visit);
}

Result<sessions::RefreshedSession> Authenticator::log_in(const records::AccountName& name,
                                                         const passwords::Password& password, const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->passwords.log_in(name, password, visit);
}

Status Authenticator::change_password(const records::AccountName& name, const passwords::Password& password,
                                      const passwords::Password& next, const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->passwords.change(account, password, next, visit);
}

Status Authenticator::change_password(const proving::Response& response, const passwords::Password& next,
                                      const Visit& visit) {
  TRY(throttle(visit));
  return roles_->passwords.change(response, next, visit);
}

records::VerifiedRecords::Counts Authenticator::record_counts() const {
  return roles_->verified.counts();
}

WorkCounts Authenticator::hasher_counts() const {
  return roles_->hasher.counts();
}

Status Authenticator::set_password(const records::AccountName& name, const passwords::Password& next,
                                   const Visit& visit) {
  return roles_->passwords.set(TRY(resolve(name)), next, visit);
}

Status Authenticator::remove_password(const records::AccountName& name, const Visit& visit) {
  return roles_->passwords.remove(TRY(resolve(name)), visit);
}

Result<records::Purpose> Authenticator::purpose_of(std::string_view challenge) const {
  return TRY(records::open_challenge(challenge, ground_->secrets)).challenge.purpose;
}

Result<records::RevocationRecord> Authenticator::revoke(const proving::Response& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->revocation.by_statement(response, visit);
}

Result<records::RevocationRecord> Authenticator::revoke_by_certificate(const std::string& account,
                                                                       const std::string& revocation,
                                                                       const Visit& visit) {
  TRY(throttle(visit));
  return roles_->revocation.by_certificate(account, revocation, visit);
}

Result<records::Account> Authenticator::rotate(const keys::RotationResponse& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->rotation.by_statement(response, visit);
}

Result<records::RevocationRecord> Authenticator::revoke(const records::AccountName& name,
                                                        const passwords::Password& password, const std::string& reason,
                                                        const std::string& note, const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->revocation.by_password(account, password, reason, note, visit);
}

Result<keys::ManagedAccount> Authenticator::rotate(const records::AccountName& name,
                                                   const passwords::Password& password, const passwords::Password& next,
                                                   const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->rotation.by_password(account, password, next, visit);
}

Result<Secret> Authenticator::hand_out_key(const records::AccountName& name, const passwords::Password& password,
                                           const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->escrow.by_password(account, password, visit);
}

Result<records::Session> Authenticator::admit(const Secret& token, const Visit& visit) {
  auto session = roles_->sessions.admit(token, visit);
  if (!session) TRY(throttle_token(session.error(), visit));
  return session;
}

Result<sessions::RefreshedSession> Authenticator::refresh_session(const Secret& token, const Visit& visit) {
  // Each leaves a record behind and another in the audit record, also where the token opens.
  TRY(throttle(visit));
  return roles_->sessions.refresh(token, visit);
}

Status Authenticator::end_session(const Secret& token, const Visit& visit) {
  const Status ended = roles_->sessions.end(token, visit);
  if (!ended) TRY(throttle_token(ended.error(), visit));
  return ended;
}

Result<std::vector<records::Session>> Authenticator::list_sessions(const std::string& account, std::size_t limit) {
  TRY(check_account_id(account));
  return roles_->sessions.list(account, limit);
}

Result<records::Session> Authenticator::show_session(const std::string& account, const std::string& session_id) {
  TRY(check_account_id(account));
  TRY(records::check_session_id(session_id));
  return roles_->sessions.show(account, session_id);
}

Status Authenticator::end_session_of(const std::string& account, const std::string& session_id, const Visit& visit) {
  TRY(check_account_id(account));
  TRY(records::check_session_id(session_id));
  return roles_->sessions.end_one(account, session_id, visit);
}

Status Authenticator::end_all_sessions(const std::string& account, const Visit& visit) {
  return roles_->sessions.end_all(account, visit);
}

Result<records::Account> Authenticator::add_account(const accounts::NewAccount& request, const Visit& visit) {
  return roles_->enrolment.add(request, visit);
}

Result<records::Account> Authenticator::confirm_enrolment(const accounts::Confirmation& confirmed, const Visit& visit) {
  return roles_->enrolment.confirm(confirmed, visit);
}

Result<accounts::LegacyImportSummary> Authenticator::import_legacy(const accounts::LegacyImportOrder& order,
                                                                   const Progress& progress, const Visit& visit) {
  return roles_->legacy_import.run(order, progress, visit);
}

Result<std::vector<accounts::HeldEnrolment>> Authenticator::list_held_enrolments() {
  return roles_->enrolment.list_held();
}

Result<records::RevocationRecord> Authenticator::revoke_account(const std::string& account, const std::string& reason,
                                                                const std::string& note, const Visit& visit) {
  return roles_->revocation.by_administrator(account, reason, note, visit);
}

Result<records::Account> Authenticator::restore_account(const std::string& account, const std::string& public_key,
                                                        const Visit& visit) {
  return roles_->revocation.restore(account, public_key, visit);
}

Result<records::Account> Authenticator::rotate_account(const std::string& account, const std::string& public_key,
                                                       const Visit& visit) {
  return roles_->rotation.by_administrator(account, public_key, visit);
}

Result<keys::ManagedAccount> Authenticator::rotate_managed_account(const std::string& account,
                                                                   const passwords::Password& next, bool escrow,
                                                                   const Visit& visit) {
  return roles_->rotation.managed_by_administrator(account, next, escrow, visit);
}

Result<Secret> Authenticator::hand_out_key(const std::string& account, const Visit& visit) {
  return roles_->escrow.by_administrator(account, visit);
}

Result<records::Account> Authenticator::delete_account(const std::string& account, const Visit& visit) {
  return roles_->deletion.by_administrator(account, visit);
}

Result<std::string> Authenticator::export_revocations() {
  return roles_->exporting.make();
}

Result<keys::AppliedExport> Authenticator::apply_revocations(std::string_view text, const Visit& visit) {
  return roles_->exporting.apply(text, visit);
}

Result<std::vector<std::string>> Authenticator::list_accounts(std::string_view after, std::size_t limit) {
  return roles_->accounts.list(after, limit);
}

Result<AccountView> Authenticator::show_account(const std::string& account) {
  auto stored = TRY(roles_->accounts.find(account));
  if (!stored) return fail(ErrorCode::not_found, "no such account");
  const auto last_login = TRY(roles_->accounts.last_login(account));
  return AccountView{std::move(stored->account), last_login};
}

Result<std::vector<records::AuditRecord>> Authenticator::list_audit(std::string_view writer, std::size_t limit) {
  return roles_->audit.list(writer, limit);
}

Result<records::AuditReport> Authenticator::verify_audit(const Progress& progress) {
  return roles_->audit.verify(progress);
}

Status Authenticator::accept_clock(const Visit& visit) {
  TRY(roles_->timekeeper.accept_clock());
  return roles_->audit.commit({},
                              {records::Decision::clock_accepted, ground_->clock.now(), "", "", "", visit.source, ""});
}

Result<upkeep::ServerKeyView> Authenticator::show_server_key() {
  return roles_->key_upkeep.show();
}

Result<upkeep::ServerKeyView> Authenticator::extend_server_key(const std::optional<Instant>& expires_at,
                                                               const Visit& visit) {
  return roles_->key_upkeep.extend(expires_at, visit);
}

Result<upkeep::ServerKeyView> Authenticator::refresh_server_key(const Visit& visit) {
  return roles_->key_upkeep.refresh(visit);
}

Result<upkeep::ServerKeyView> Authenticator::replace_server_key(const upkeep::KeyReplacement& request,
                                                                const Visit& visit) {
  return roles_->key_upkeep.replace(request, visit);
}

Result<std::vector<upkeep::SecretView>> Authenticator::list_secrets(const Progress& progress) {
  return roles_->secret_upkeep.list(progress);
}

Result<upkeep::SecretView> Authenticator::rotate_secret(const std::string& family, Seconds after, const Visit& visit) {
  return roles_->secret_upkeep.rotate(family, after, visit);
}

Result<upkeep::Resealing> Authenticator::reseal_records(const Visit& visit, const Progress& progress) {
  return roles_->secret_upkeep.reseal(visit, progress);
}

Result<upkeep::Retired> Authenticator::retire_secret(const std::string& id, bool leaked, const Visit& visit,
                                                     const Progress& progress) {
  return roles_->secret_upkeep.retire(id, leaked, visit, progress);
}

}  // namespace countersign::auth
