// The Authenticator's look after itself: whether it is ready, what it counts, and what a timer does.
#include <array>

#include "auth/authenticator.hpp"
#include "auth/base/log.hpp"
#include "auth/keys/metadata.hpp"

namespace countersign::auth {
namespace {

constexpr std::size_t kSweepPage = 100;
// Of each second, so that whatever comes in at the machine's own rate is swept at that rate, and never falls behind.
constexpr std::chrono::milliseconds kSweepTime{50};
constexpr std::size_t kListPage = 500;
// A round looks at every record once. What lives for minutes and hours need not be looked at again at once.
constexpr std::chrono::seconds kSweepEvery{30};
constexpr std::chrono::minutes kSummaryEvery{1};
constexpr std::chrono::hours kAccountsEvery{1};
// Whether anything can be written shows in a write. A server that is asked often does not write each time.
constexpr Seconds kReadyWriteEvery{10};

// True once every `period`, beginning with the first call.
bool is_due(std::optional<std::chrono::milliseconds>& last, std::chrono::milliseconds now,
            std::chrono::milliseconds period) {
  if (last && now - *last < period) return false;
  last = now;
  return true;
}

}  // namespace

Result<Readiness> Authenticator::ready() {
  TRY(roles_->timekeeper.save_if_due(kReadyWriteEvery));
  TRY(roles_->timekeeper.judge_clock());
  TRY(ground_->engine.state());
  std::array<std::uint8_t, 1> byte{};
  TRY(ground_->rng.fill(byte));
  TRY(judge_up_to_date());
  const Instant now = roles_->timekeeper.now().wall;
  TRY(roles_->key_watch.judge(now));
  return Readiness{roles_->key_watch.warnings(now)};
}

void Authenticator::note_left_behind(std::string why) {
  const std::lock_guard lock(left_behind_mutex_);
  left_behind_ = std::move(why);
}

Status Authenticator::judge_up_to_date() {
  const std::lock_guard lock(left_behind_mutex_);
  if (left_behind_.empty()) return ok();
  return fail(ErrorCode::startup_refused,
              "the server's key or its secrets changed and this server cannot take them over: " + left_behind_);
}

void Authenticator::count_refusal(ErrorCode code) {
  const std::lock_guard lock(refusals_mutex_);
  ++refusals_[code];
}

Status Authenticator::save_counts() {
  storage::Batch batch;
  const Instant now = ground_->clock.now();
  const bool limits = roles_->limits.stage(batch, now, ground_->clock.monotonic());
  std::map<ErrorCode, std::int64_t> refusals;
  {
    const std::lock_guard lock(refusals_mutex_);
    refusals.swap(refusals_);
  }
  if (refusals.empty() && !limits) return ok();
  std::string detail;
  for (const auto& [code, count] : refusals) {
    if (!detail.empty()) detail += ' ';
    detail += std::string(countersign::name_of(code)) + "=" + std::to_string(count);
  }
  // How full the buckets are is no decision, and needs no record of its own.
  Status saved = refusals.empty()
                     ? ground_->medium.commit(batch)
                     : roles_->audit.commit(batch, {records::Decision::refusals, now, "", "", "", "", detail});
  if (saved) {
    roles_->limits.saved();
  } else {
    const std::lock_guard lock(refusals_mutex_);
    for (const auto& [code, count] : refusals) refusals_[code] += count;
  }
  return saved;
}

Status Authenticator::look_after_accounts() {
  std::map<std::string, std::size_t> mix;
  std::string after;
  while (true) {
    const auto ids = TRY(roles_->accounts.list(after, kListPage));
    for (const std::string& id : ids) {
      const auto stored = roles_->accounts.find(id);
      if (!stored || !*stored) continue;
      const bool active = (*stored)->account.state == records::AccountState::active;
      mix[(*stored)->account.encryption_algorithm] += active ? 1 : 0;
      // Changed meanwhile: the next round sees it. What is damaged is an alarm, and must not stop the others.
      const Status completed = active ? keys::complete_metadata(roles_->context, id) : roles_->revocation.complete(id);
      if (completed || completed.error().code == ErrorCode::conflict) continue;
      log_event(LogLevel::alarm, active ? "metadata" : "revocation record",
                {{"account", id}, {"detail", completed.error().detail}});
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
  if (sweeping_ || is_due(swept_at_, now, kSweepEvery)) {
    const auto swept = roles_->sweeper.sweep_for(kSweepTime, ground_->clock, kSweepPage);
    sweeping_ = !swept || !swept->went_round;
    if (!swept) note(tl::unexpected<Error>(swept.error()));
  }
  note(roles_->timekeeper.save_if_due());
  note(watch_server_key());
  note(watch_secrets());
  if (is_due(summarised_at_, now, kSummaryEvery)) note(save_counts());
  if (is_due(accounts_at_, now, kAccountsEvery)) note(look_after_accounts());
  note(roles_->ballast.refill());
  note(roles_->floor->save());
  return first;
}

void Authenticator::watch_clock() {
  const Moment moment = roles_->timekeeper.now();
  const std::string_view state = moment.behind ? "behind" : moment.ahead ? "ahead" : "right";
  if (state == clock_state_) return;
  clock_state_ = state;
  log_event(state == "right" ? LogLevel::info : LogLevel::alarm, "clock", {{"state", state}});
}

Status Authenticator::watch_server_key() {
  roles_->key_watch.log_if_due(roles_->timekeeper.now().wall, ground_->clock.monotonic());
  if (TRY(records::identity_version(ground_->medium)) != roles_->identity.version()) outdated_ = true;
  return ok();
}

Status Authenticator::watch_secrets() {
  // By the clock that they were loaded by, or a time that one calls come and the other not would never be settled.
  if (!TRY(ground_->secrets.is_current(ground_->clock.now()))) outdated_ = true;
  return ok();
}

Status Authenticator::close() {
  const Status saved = save_counts();
  // A command that committed something has seen the time as much as a server has; one that only looked writes nothing.
  if (roles_->floor->heads() != heads_at_start_) {
    const Status timed = roles_->timekeeper.save_if_due();
    // Whoever saved it under a key that came since has seen the time as well.
    if (!timed && timed.error().code != ErrorCode::secret_missing) return timed;
  }
  TRY(roles_->floor->save());
  TRY(roles_->ballast.refill());
  return saved;
}

}  // namespace countersign::auth
