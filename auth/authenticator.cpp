#include "auth/authenticator.hpp"

#include <array>
#include <atomic>
#include <map>
#include <mutex>

#include "auth/accounts/account_id.hpp"
#include "auth/audit/log.hpp"
#include "auth/challenges/decoys.hpp"
#include "auth/server_identity/key_watch.hpp"
#include "auth/server_identity/signing_watch.hpp"
#include "auth/sweeping.hpp"
#include "auth/throttle/limits.hpp"

namespace countersign::auth {
namespace {

constexpr std::size_t kSweepPage = 100;
constexpr std::size_t kListPage = 500;
constexpr std::chrono::minutes kSummaryEvery{1};
constexpr std::chrono::hours kDecoysEvery{1};
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
        clock(clock_in),
        rng(rng_in),
        engine(engine_in, settings.key_reach, clock_in) {}

  const AuthenticatorSettings settings;
  const Secrets secrets;
  const RecordSeal seal;
  storage::Medium& medium;
  const Clock& clock;
  Rng& rng;
  SigningWatch engine;
};

struct Authenticator::Roles {
  Roles(Ground& ground, ServerIdentity identity_in, openpgp::CertificateFacts key_facts,
        std::unique_ptr<Floor> floor_in)
      : identity(std::move(identity_in)),
        key_watch(std::move(key_facts)),
        floor(std::move(floor_in)),
        timekeeper(ground.clock, ground.medium, ground.seal, ground.settings.policies.session_idle_limit / 20),
        accounts(ground.medium, ground.seal),
        audit(ground.medium, ground.seal, *floor, ground.settings.writer),
        hasher(ground.settings.hasher),
        password_hashes(hasher, ground.secrets, ground.rng, ground.settings.policies.password),
        context{ground.medium,  ground.secrets, ground.seal, identity, ground.engine,
                timekeeper,     ground.rng,     audit,       accounts, ground.settings.policies,
                password_hashes},
        decoys(ground.medium, ground.seal, ground.secrets.decoy_key(), ground.engine),
        sessions(context),
        issuing(context, decoys),
        login(context, sessions),
        enrolment(context),
        passwords(context, sessions),
        key_upkeep(context, ground.settings.key_home),
        sweeper(context),
        limits(ground.medium, ground.seal, ground.settings.writer, ground.settings.policies.limits) {}

  const ServerIdentity identity;
  KeyWatch key_watch;
  const std::unique_ptr<Floor> floor;
  Timekeeper timekeeper;
  Accounts accounts;
  Audit audit;
  Hasher hasher;
  PasswordHashes password_hashes;
  const Context context;
  Decoys decoys;
  Sessions sessions;
  Issuing issuing;
  Login login;
  Enrolment enrolment;
  Passwords passwords;
  KeyUpkeep key_upkeep;
  Sweeper sweeper;
  Limits limits;

  std::mutex refusals_mutex;
  std::map<ErrorCode, std::int64_t> refusals;
  std::atomic<bool> outdated{false};
  std::mutex left_behind_mutex;
  std::string left_behind;  // why this one could not be replaced by one that is up to date
  std::string_view clock_state = "right";
  std::chrono::milliseconds summarised_at = kNever;
  std::chrono::milliseconds decoys_at = kNever;
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
  auto key_facts = identity.inspect(ground_->engine, ground_->clock.now());
  if (!key_facts) {
    return fail(ErrorCode::startup_refused, "the server's certificate: " + key_facts.error().detail);
  }
  roles_ = std::make_unique<Roles>(*ground_, std::move(identity), *std::move(key_facts), std::move(floor));
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

const ServerIdentity& Authenticator::identity() const {
  return roles_->identity;
}
const Policies& Authenticator::policies() const {
  return ground_->settings.policies;
}

std::vector<ServerCertificate> Authenticator::former_keys() {
  return roles_->identity.followed_at(roles_->timekeeper.now().wall);
}

Result<Readiness> Authenticator::ready() {
  TRY(roles_->timekeeper.save_if_due());
  TRY(roles_->timekeeper.judge_clock());
  TRY(ground_->medium.list("server/", "", 1));
  TRY(ground_->engine.state());
  std::array<std::uint8_t, 1> byte{};
  TRY(ground_->rng.fill(byte));
  TRY(judge_up_to_date());
  const Instant now = roles_->timekeeper.now().wall;
  TRY(roles_->key_watch.judge(now));
  return Readiness{roles_->key_watch.warnings(now)};
}

bool Authenticator::is_outdated() const {
  return roles_->outdated;
}

void Authenticator::note_left_behind(std::string why) {
  const std::lock_guard lock(roles_->left_behind_mutex);
  roles_->left_behind = std::move(why);
}

Status Authenticator::judge_up_to_date() {
  const std::lock_guard lock(roles_->left_behind_mutex);
  if (roles_->left_behind.empty()) return ok();
  return fail(ErrorCode::startup_refused,
              "the server's key changed and this server cannot take it over: " + roles_->left_behind);
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

Result<IssuedChallenge> Authenticator::issue_challenge(const ChallengeRequest& request, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->issuing.issue(request, visit);
}

Result<LoginAnswer> Authenticator::log_in(const Response& response, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->login.redeem(response, visit);
}

Result<Account> Authenticator::enrol(const Response& response, const std::string& public_key, const Visit& visit,
                                     const std::optional<Password>& password) {
  TRY(throttle(visit));
  return roles_->enrolment.enrol(response, public_key, password, visit);
}

Result<HeldEnrolment> Authenticator::hold_enrolment(const std::optional<Response>& response,
                                                    const std::string& public_key, const Visit& visit) {
  return roles_->enrolment.hold(response, public_key, visit);
}

Result<RefreshedSession> Authenticator::log_in(const AccountName& name, const Password& password, const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->passwords.log_in(account, password, visit);
}

Status Authenticator::change_password(const AccountName& name, const Password& password, const Password& next,
                                      const Visit& visit) {
  const std::string account = TRY(resolve(name));
  TRY(throttle_password(visit, account));
  return roles_->passwords.change(account, password, next, visit);
}

Status Authenticator::change_password(const Response& response, const Password& next, const Visit& visit) {
  TRY(throttle(visit));
  return roles_->passwords.change(response, next, visit);
}

HasherCounts Authenticator::hasher_counts() const {
  return roles_->hasher.counts();
}

Status Authenticator::set_password(const AccountName& name, const Password& next, const Visit& visit) {
  return roles_->passwords.set(TRY(resolve(name)), next, visit);
}

Status Authenticator::remove_password(const AccountName& name, const Visit& visit) {
  return roles_->passwords.remove(TRY(resolve(name)), visit);
}

Result<Session> Authenticator::admit(const Secret& token, const Visit& visit) {
  auto session = roles_->sessions.admit(token, visit);
  if (!session) TRY(throttle_token(session.error(), visit));
  return session;
}

Result<RefreshedSession> Authenticator::refresh_session(const Secret& token, const Visit& visit) {
  auto refreshed = roles_->sessions.refresh(token, visit);
  if (!refreshed) TRY(throttle_token(refreshed.error(), visit));
  return refreshed;
}

Status Authenticator::end_session(const Secret& token, const Visit& visit) {
  const Status ended = roles_->sessions.end(token, visit);
  if (!ended) TRY(throttle_token(ended.error(), visit));
  return ended;
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

Result<ServerKeyView> Authenticator::show_server_key() {
  return roles_->key_upkeep.show();
}

Result<ServerKeyView> Authenticator::extend_server_key(const std::optional<Instant>& expires_at, const Visit& visit) {
  return roles_->key_upkeep.extend(expires_at, visit);
}

Result<ServerKeyView> Authenticator::refresh_server_key(const Visit& visit) {
  return roles_->key_upkeep.refresh(visit);
}

Result<ServerKeyView> Authenticator::replace_server_key(const KeyReplacement& request, const Visit& visit) {
  return roles_->key_upkeep.replace(request, visit);
}

void Authenticator::count_refusal(ErrorCode code) {
  const std::lock_guard lock(roles_->refusals_mutex);
  ++roles_->refusals[code];
}

Status Authenticator::save_counts() {
  storage::Batch batch;
  const Instant now = ground_->clock.now();
  const bool limits = roles_->limits.stage(batch, now, ground_->clock.monotonic());
  std::map<ErrorCode, std::int64_t> refusals;
  {
    const std::lock_guard lock(roles_->refusals_mutex);
    refusals.swap(roles_->refusals);
  }
  if (refusals.empty() && !limits) return ok();
  std::string detail;
  for (const auto& [code, count] : refusals) {
    if (!detail.empty()) detail += ' ';
    detail += std::string(countersign::name_of(code)) + "=" + std::to_string(count);
  }
  // How full the buckets are is no decision, and needs no record of its own.
  Status saved = refusals.empty() ? ground_->medium.commit(batch)
                                  : roles_->audit.commit(batch, {Decision::refusals, now, "", "", "", "", detail});
  if (saved) {
    roles_->limits.saved();
  } else {
    const std::lock_guard lock(roles_->refusals_mutex);
    for (const auto& [code, count] : refusals) roles_->refusals[code] += count;
  }
  return saved;
}

Status Authenticator::look_after_decoys() {
  std::map<std::string, std::size_t> mix;
  std::string after;
  while (true) {
    const auto ids = TRY(roles_->accounts.list(after, kListPage));
    for (const std::string& id : ids) {
      const auto stored = roles_->accounts.find(id);
      if (!stored || !*stored) continue;
      const bool active = (*stored)->account.state == AccountState::active;
      mix[(*stored)->account.encryption_algorithm] += active ? 1 : 0;
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
  ground_->engine.look_after([this](openpgp::OpenPgp& engine) {
    return roles_->identity.test_signing(engine, roles_->timekeeper.now().wall);
  });
  const auto swept = roles_->sweeper.sweep(kSweepPage);
  if (!swept) note(tl::unexpected<Error>(swept.error()));
  note(roles_->timekeeper.save_if_due());
  note(watch_server_key());
  if (is_due(roles_->summarised_at, now, kSummaryEvery)) note(save_counts());
  if (is_due(roles_->decoys_at, now, kDecoysEvery)) note(look_after_decoys());
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

Status Authenticator::watch_server_key() {
  roles_->key_watch.log_if_due(roles_->timekeeper.now().wall, ground_->clock.monotonic());
  if (TRY(identity_version(ground_->medium)) != roles_->identity.version()) roles_->outdated = true;
  return ok();
}

Status Authenticator::close() {
  const Status saved = save_counts();
  TRY(roles_->floor->save());
  return saved;
}

}  // namespace countersign::auth
