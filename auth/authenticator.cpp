#include "auth/authenticator.hpp"

#include <array>
#include <map>
#include <mutex>

#include "auth/accounts/account_id.hpp"
#include "auth/audit/log.hpp"
#include "auth/challenges/decoys.hpp"
#include "auth/sweeping.hpp"
#include "auth/throttle/throttle.hpp"

namespace countersign::auth {
namespace {

constexpr std::size_t kSweepPage = 100;
constexpr std::size_t kListPage = 500;
constexpr std::chrono::minutes kSummaryEvery{1};
constexpr std::chrono::hours kAccountsEvery{1};
constexpr std::chrono::milliseconds kNever{-1};

// True once every `period`, beginning with the first call.
bool is_due(std::chrono::milliseconds& last, std::chrono::milliseconds now, std::chrono::milliseconds period) {
  if (last != kNever && now - last < period) return false;
  last = now;
  return true;
}

}  // namespace

struct Authenticator::Ground {
  Ground(AuthenticatorSettings settings_in, Secrets secrets_in, storage::Medium& medium_in, openpgp::OpenPgp& engine_in,
         const Clock& clock_in, Rng& rng_in)
      : settings(std::move(settings_in)),
        secrets(std::move(secrets_in)),
        seal(secrets),
        medium(medium_in),
        engine(engine_in),
        clock(clock_in),
        rng(rng_in) {}

  const AuthenticatorSettings settings;
  const Secrets secrets;
  const RecordSeal seal;
  storage::Medium& medium;
  openpgp::OpenPgp& engine;
  const Clock& clock;
  Rng& rng;
};

struct Authenticator::Roles {
  Roles(Ground& ground, ServerIdentity identity_in, std::unique_ptr<Floor> floor_in)
      : identity(std::move(identity_in)),
        floor(std::move(floor_in)),
        timekeeper(ground.clock, ground.medium, ground.seal, ground.settings.policies.session_idle_limit / 20),
        accounts(ground.medium, ground.seal),
        audit(ground.medium, ground.seal, *floor, ground.settings.writer),
        ballast(ground.settings.ballast_path),
        context{ground.medium, ground.secrets, ground.seal, identity, ground.engine,
                timekeeper,    ground.rng,     audit,       accounts, ground.settings.policies,
                *floor,        ballast},
        decoys(ground.medium, ground.seal, ground.secrets.decoy_key(), ground.engine),
        sessions(context),
        issuing(context, decoys),
        login(context, sessions),
        enrolment(context),
        withdrawals(context),
        revocation(context, withdrawals),
        rotation(context, withdrawals),
        deletion(context, withdrawals),
        exporting(context, withdrawals),
        sweeper(context),
        throttle(ThrottleLimits()) {}

  const ServerIdentity identity;
  const std::unique_ptr<Floor> floor;
  Timekeeper timekeeper;
  Accounts accounts;
  Audit audit;
  storage::Ballast ballast;
  const Context context;
  Decoys decoys;
  Sessions sessions;
  Issuing issuing;
  Login login;
  Enrolment enrolment;
  Withdrawals withdrawals;
  Revocation revocation;
  Rotation rotation;
  Deletion deletion;
  RevocationExporting exporting;
  Sweeper sweeper;
  Throttle throttle;

  std::mutex refusals_mutex;
  std::map<ErrorCode, std::int64_t> refusals;
  std::string_view clock_state = "right";
  std::chrono::milliseconds summarised_at = kNever;
  std::chrono::milliseconds accounts_at = kNever;
};

Authenticator::Authenticator(std::unique_ptr<Ground> ground) : ground_(std::move(ground)) {}
Authenticator::~Authenticator() = default;

Result<std::unique_ptr<Authenticator>> Authenticator::open(AuthenticatorSettings settings, Secrets secrets,
                                                           storage::Medium& medium, openpgp::OpenPgp& engine,
                                                           const Clock& clock, Rng& rng) {
  std::unique_ptr<Authenticator> self(
      new Authenticator(std::make_unique<Ground>(std::move(settings), std::move(secrets), medium, engine, clock, rng)));
  TRY(self->start());
  return self;
}

Status Authenticator::start() {
  const AuthenticatorSettings& settings = ground_->settings;
  if (!storage::check_name(audit_name(settings.writer, 1)) || settings.writer.find('/') != std::string::npos) {
    return fail(ErrorCode::startup_refused, "a writer of the audit record is named with a-z, 0-9, '.', '_' and '-'");
  }
  auto identity =
      TRY(ServerIdentity::load(ground_->medium, ground_->seal, settings.server_name, settings.server_fingerprint));
  auto floor = TRY(Floor::load(settings.floor_path, ground_->seal));
  TRY(floor->judge_medium(ground_->medium));
  roles_ = std::make_unique<Roles>(*ground_, std::move(identity), std::move(floor));
  TRY(roles_->timekeeper.load());
  const Instant now = roles_->timekeeper.now().wall;
  TRY(roles_->identity.self_test(ground_->engine, now));
  return roles_->decoys.load(now);
}

const ServerIdentity& Authenticator::identity() const {
  return roles_->identity;
}
const Policies& Authenticator::policies() const {
  return ground_->settings.policies;
}

Status Authenticator::ready() {
  TRY(roles_->timekeeper.save_if_due());
  TRY(roles_->timekeeper.judge_clock());
  TRY(ground_->medium.list("server/", "", 1));
  std::array<std::uint8_t, 1> byte{};
  return ground_->rng.fill(byte);
}

Status Authenticator::throttle(const Visit& visit) {
  if (visit.arrival != Arrival::http || !policies().rate_limit) return ok();
  return roles_->throttle.take(visit.source, ground_->clock.monotonic());
}

Result<IssuedChallenge> Authenticator::issue_challenge(const ChallengeRequest& request, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->issuing.issue(request, visit);
}

Result<LoginAnswer> Authenticator::log_in(const Response& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->login.redeem(response, visit);
}

Result<Account> Authenticator::enrol(const Response& response, const std::string& public_key, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->enrolment.enrol(response, public_key, visit);
}

Result<HeldEnrolment> Authenticator::hold_enrolment(const std::optional<Response>& response,
                                                    const std::string& public_key, const Visit& visit) {
  return roles_->enrolment.hold(response, public_key, visit);
}

Result<Purpose> Authenticator::purpose_of(std::string_view challenge) const {
  return TRY(open_challenge(challenge, ground_->secrets)).challenge.purpose;
}

Result<RevocationRecord> Authenticator::revoke(const Response& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->revocation.by_statement(response, visit);
}

Result<RevocationRecord> Authenticator::revoke_by_certificate(const std::string& account, const std::string& revocation,
                                                              const Visit& visit) {
  TRY(throttle(visit));
  return roles_->revocation.by_certificate(account, revocation, visit);
}

Result<Account> Authenticator::rotate(const RotationResponse& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->rotation.by_statement(response, visit);
}

Result<Session> Authenticator::admit(const Secret& token, const Visit& visit) {
  return roles_->sessions.admit(token, visit);
}

Result<RefreshedSession> Authenticator::refresh_session(const Secret& token, const Visit& visit) {
  return roles_->sessions.refresh(token, visit);
}

Status Authenticator::end_session(const Secret& token, const Visit& visit) {
  return roles_->sessions.end(token, visit);
}

Result<std::vector<Session>> Authenticator::list_sessions(const std::string& account, std::size_t limit) {
  TRY(check_account_id(account));
  return roles_->sessions.list(account, limit);
}

Result<Session> Authenticator::show_session(const std::string& account, const std::string& session_id) {
  TRY(check_account_id(account));
  TRY(check_session_id(session_id));
  return roles_->sessions.show(account, session_id);
}

Status Authenticator::end_session_of(const std::string& account, const std::string& session_id, const Visit& visit) {
  TRY(check_account_id(account));
  TRY(check_session_id(session_id));
  return roles_->sessions.end_one(account, session_id, visit);
}

Status Authenticator::end_all_sessions(const std::string& account, const Visit& visit) {
  return roles_->sessions.end_all(account, visit);
}

Result<Account> Authenticator::add_account(const NewAccount& request, const Visit& visit) {
  return roles_->enrolment.add(request, visit);
}

Result<Account> Authenticator::confirm_enrolment(const openpgp::Fingerprint& fingerprint, const std::string& username,
                                                 const Visit& visit) {
  return roles_->enrolment.confirm(fingerprint, username, visit);
}

Result<std::vector<HeldEnrolment>> Authenticator::list_held_enrolments() {
  return roles_->enrolment.list_held();
}

Result<RevocationRecord> Authenticator::revoke_account(const std::string& account, const std::string& reason,
                                                       const std::string& note, const Visit& visit) {
  return roles_->revocation.by_administrator(account, reason, note, visit);
}

Result<Account> Authenticator::restore_account(const std::string& account, const std::string& public_key,
                                               const Visit& visit) {
  return roles_->revocation.restore(account, public_key, visit);
}

Result<Account> Authenticator::rotate_account(const std::string& account, const std::string& public_key,
                                              const Visit& visit) {
  return roles_->rotation.by_administrator(account, public_key, visit);
}

Result<Account> Authenticator::delete_account(const std::string& account, const Visit& visit) {
  return roles_->deletion.by_administrator(account, visit);
}

Result<std::string> Authenticator::export_revocations() {
  return roles_->exporting.make();
}

Result<AppliedExport> Authenticator::apply_revocations(std::string_view text, const Visit& visit) {
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

Result<std::vector<AuditRecord>> Authenticator::list_audit(std::string_view writer, std::size_t limit) {
  return roles_->audit.list(writer, limit);
}

Result<AuditReport> Authenticator::verify_audit(const std::function<void(std::int64_t)>& progress) {
  return roles_->audit.verify(progress);
}

Status Authenticator::accept_clock(const Visit& visit) {
  TRY(roles_->timekeeper.accept_clock());
  return roles_->audit.commit({}, {Decision::clock_accepted, ground_->clock.now(), "", "", "", visit.source, ""});
}

void Authenticator::count_refusal(ErrorCode code) {
  const std::lock_guard lock(roles_->refusals_mutex);
  ++roles_->refusals[code];
}

Status Authenticator::summarise_refusals() {
  std::map<ErrorCode, std::int64_t> refusals;
  {
    const std::lock_guard lock(roles_->refusals_mutex);
    refusals.swap(roles_->refusals);
  }
  if (refusals.empty()) return ok();
  std::string detail;
  for (const auto& [code, count] : refusals) {
    if (!detail.empty()) detail += ' ';
    detail += std::string(countersign::name_of(code)) + "=" + std::to_string(count);
  }
  Status summarised = roles_->audit.commit({}, {Decision::refusals, ground_->clock.now(), "", "", "", "", detail});
  if (!summarised) {
    const std::lock_guard lock(roles_->refusals_mutex);
    for (const auto& [code, count] : refusals) roles_->refusals[code] += count;
  }
  return summarised;
}

Status Authenticator::look_after_accounts() {
  std::map<std::string, std::size_t> mix;
  std::string after;
  while (true) {
    const auto ids = TRY(roles_->accounts.list(after, kListPage));
    for (const std::string& id : ids) {
      const auto stored = roles_->accounts.find(id);
      if (!stored || !*stored) continue;
      const bool active = (*stored)->account.state == AccountState::active;
      mix[(*stored)->account.encryption_algorithm] += active ? 1 : 0;
      if ((*stored)->account.state != AccountState::revoked) continue;
      // Changed meanwhile: the next round sees it. What is damaged is an alarm, and must not stop the others.
      const Status completed = roles_->revocation.complete(id);
      if (completed || completed.error().code == ErrorCode::conflict) continue;
      log_event(LogLevel::alarm, "revocation record", {{"account", id}, {"detail", completed.error().detail}});
    }
    if (ids.size() < kListPage) break;
    after = ids.back();
  }
  return roles_->decoys.rebalance(mix, roles_->timekeeper.now().wall);
}

Status Authenticator::maintain() {
  const auto now = ground_->clock.monotonic();
  Status first = ok();
  // Whatever of it fails, the rest is done all the same.
  const auto note = [&](Status status) {
    if (first && !status) first = std::move(status);
  };
  watch_clock();
  const auto swept = roles_->sweeper.sweep(kSweepPage);
  if (!swept) note(tl::unexpected<Error>(swept.error()));
  note(roles_->timekeeper.save_if_due());
  if (is_due(roles_->summarised_at, now, kSummaryEvery)) note(summarise_refusals());
  if (is_due(roles_->accounts_at, now, kAccountsEvery)) note(look_after_accounts());
  note(roles_->ballast.refill());
  note(roles_->floor->save());
  return first;
}

void Authenticator::watch_clock() {
  const Moment moment = roles_->timekeeper.now();
  const std::string_view state = moment.behind ? "behind" : moment.ahead ? "ahead" : "right";
  if (state == roles_->clock_state) return;
  roles_->clock_state = state;
  log_event(state == "right" ? LogLevel::info : LogLevel::alarm, "clock", {{"state", state}});
}

Status Authenticator::close() {
  const Status summarised = summarise_refusals();
  TRY(roles_->floor->save());
  TRY(roles_->ballast.refill());
  return summarised;
}

}  // namespace countersign::auth
