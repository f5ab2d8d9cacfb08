// The Authenticator's look after itself: whether it is ready, what it counts, and what a timer does.
#include <algorithm>
#include <array>

#include "auth/authenticator.hpp"
#include "auth/base/log.hpp"

namespace countersign::auth {
namespace {

constexpr std::size_t kPage = 100;
constexpr std::size_t kDamagesLoggedMax = 20;
constexpr std::chrono::minutes kSummaryEvery{1};
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

Result<upkeep::Health> Authenticator::ready() {
  TRY(roles_->timekeeper.probe(kReadyWriteEvery));
  TRY(roles_->timekeeper.judge_clock());
  TRY(ground_->engine.state());
  // Who did not test the key at the start, since that may ask somebody for a PIN, looks whether it is there.
  const AuthenticatorSettings& settings = ground_->settings;
  if (!settings.self_test && settings.key_reach != nullptr) TRY(settings.key_reach->look());
  std::array<std::uint8_t, 1> byte{};
  TRY(ground_->rng.fill(byte));
  TRY(judge_up_to_date());
  TRY(roles_->key_watch.judge(roles_->timekeeper.now().wall));
  upkeep::Health found = health();
  TRY(upkeep::judge_store(found.store));
  return found;
}

upkeep::Health Authenticator::health() {
  return upkeep::look_over(roles_->context, roles_->key_watch, ground_->settings.health);
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
  const auto commit = [&]() -> Status {
    // How full the buckets are is no decision, and needs no record of its own.
    if (refusals.empty()) return ground_->medium.commit(batch);
    TRY(upkeep::stage_refusals(batch, roles_->context, ground_->settings.writer, refusals, now));
    return roles_->audit.commit(batch, {records::Decision::refusals, now, "", "", "", "", detail});
  };
  Status saved = commit();
  if (saved) {
    roles_->limits.saved();
  } else {
    const std::lock_guard lock(refusals_mutex_);
    for (const auto& [code, count] : refusals) refusals_[code] += count;
  }
  return saved;
}

template <class Piece>
Result<bool> Authenticator::take_turn(Turn& turn, const Piece& piece) {
  const bool begins = !turn.under_way && is_due(turn.begun, ground_->clock.monotonic(), turn.period);
  if (!begins && !turn.under_way) return false;
  turn.under_way = true;  // also where it fails: the next second goes on
  const bool went_round = TRY(upkeep::go_on_for(turn.share, ground_->clock, piece));
  turn.under_way = !went_round;
  return went_round;
}

Status Authenticator::sweep() {
  TRY(take_turn(sweeping_, [&]() -> Result<bool> { return TRY(roles_->sweeper.sweep(kPage)).went_round; }));
  return ok();
}

Status Authenticator::look_after_accounts() {
  TRY(take_turn(accounts_, [&] { return roles_->account_care.go_on(kPage); }));
  return ok();
}

Status Authenticator::inspect_records() {
  if (!TRY(take_turn(inspecting_, [&] { return roles_->inspection.go_on(kPage); }))) return ok();
  const upkeep::Inspected& inspected = roles_->inspection.last();
  for (std::size_t i = 0; i < std::min(inspected.faults.size(), kDamagesLoggedMax); ++i) {
    log_event(LogLevel::alarm, "damaged record", {{"detail", inspected.faults[i]}});
  }
  return upkeep::note_inspection(roles_->context,
                                 {roles_->timekeeper.now().wall, inspected.records, inspected.damaged});
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
  if (const auto& facts = ground_->settings.health.store_facts; facts) note(upkeep::judge_store(facts()));
  note(sweep());
  note(roles_->timekeeper.save_if_due());
  note(watch_server_key());
  note(watch_secrets());
  if (is_due(summarised_at_, now, kSummaryEvery)) note(save_counts());
  note(look_after_accounts());
  note(inspect_records());
  note(ground_->medium.tidy());
  note(roles_->ballast.refill());
  note(roles_->floor->save());
  return first;
}

void Authenticator::watch_clock() {
  const std::string_view state = upkeep::clock_state(roles_->timekeeper.now());
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
  if (const Status kept = roles_->floor->save(); !kept) {
    return fail(kept.error().code,
                "the floor could not be written, by which a store that is put back to an older state is "
                "noticed: " +
                    kept.error().detail);
  }
  TRY(roles_->ballast.refill());
  return saved;
}

}  // namespace countersign::auth
