#include "auth/timekeeper.hpp"

#include <algorithm>

namespace countersign::auth {
namespace {
constexpr std::string_view kName = "server/clock";
}

Timekeeper::Timekeeper(const Clock& clock, storage::Medium& medium, const secrets::RecordSeal& seal, Seconds save_every)
    : clock_(clock), medium_(medium), seal_(seal), save_every_(save_every) {}

Result<std::optional<std::pair<Timekeeper::Stored, storage::Version>>> Timekeeper::read() {
  using Out = std::optional<std::pair<Stored, storage::Version>>;
  const auto entry = TRY(find_record(medium_, seal_, kName));
  if (!entry) return Out();
  JsonReader reader(entry->record);
  const auto parse = [&]() -> Result<Stored> {
    TRY(secrets::check_record_version(reader));
    const Instant latest = TRY(reader.time("latest"));
    const std::int64_t accepted = TRY(reader.integer("accepted"));
    TRY(reader.finish());
    return Stored{latest, accepted};
  };
  return Out(std::pair(TRY(secrets::understood(kName, parse())), entry->version));
}

Status Timekeeper::write(const Stored& stored, const std::optional<storage::Version>& over) {
  storage::Batch batch;
  const std::string name(kName);
  if (over) {
    batch.require_version(name, *over);
  } else {
    batch.require_absent(name);
  }
  batch.put(
      name,
      seal_.close(
          kName,
          Json::object().set("version", 1).set("latest", format_time(stored.latest)).set("accepted", stored.accepted)));
  return medium_.commit(batch);
}

Status Timekeeper::load() {
  const auto found = TRY(read());
  const std::lock_guard lock(mutex_);
  last_wall_ = clock_.now();
  last_monotonic_ = clock_.monotonic();
  if (found) stored_ = found->first;
  latest_ = std::max(latest_, stored_.latest);
  return ok();
}

Moment Timekeeper::now() {
  const std::lock_guard lock(mutex_);
  const Instant wall = clock_.now();
  const auto monotonic = clock_.monotonic();
  const Instant expected = last_wall_ + std::chrono::floor<Seconds>(monotonic - last_monotonic_);
  const bool jumped = wall - expected > kForwardJumpMax;
  // Measured against where the last trusted reading should be by now, so a jump stays one at the next look too.
  if (!jumped) {
    last_wall_ = wall;
    last_monotonic_ = monotonic;
    latest_ = std::max(latest_, wall);
  }
  return {wall, std::max(wall, latest_), latest_ - wall > kBackwardJumpMax, jumped};
}

// With the mutex held.
void Timekeeper::adopt(const Stored& stored) {
  if (stored.accepted != stored_.accepted) {
    latest_ = stored.latest;
    last_wall_ = clock_.now();
    last_monotonic_ = clock_.monotonic();
  }
  stored_ = stored;
  latest_ = std::max(latest_, stored_.latest);
}

Status Timekeeper::probe(Seconds every) {
  now();
  const auto found = TRY(read());
  const std::lock_guard lock(mutex_);
  if (found) adopt(found->first);
  const auto monotonic = clock_.monotonic();
  if (probed_ && monotonic - *probed_ < every) return ok();
  const Status written = found ? write(found->first, found->second) : write({latest_, stored_.accepted}, std::nullopt);
  if (!written && written.error().code != ErrorCode::conflict) return written;
  probed_ = monotonic;
  return ok();
}

Status Timekeeper::save_if_due() {
  now();
  const auto found = TRY(read());
  const std::lock_guard lock(mutex_);
  if (found) adopt(found->first);
  if (found && latest_ - stored_.latest < save_every_) return ok();
  const Stored next{latest_, stored_.accepted};
  const Status written = write(next, found ? std::optional(found->second) : std::nullopt);
  // Another server stored it first: the next round reads it.
  if (!written && written.error().code == ErrorCode::conflict) return ok();
  if (written) stored_ = next;
  return written;
}

Status Timekeeper::accept_clock() {
  const auto found = TRY(read());
  const std::lock_guard lock(mutex_);
  last_wall_ = clock_.now();
  last_monotonic_ = clock_.monotonic();
  const Stored next{last_wall_, (found ? found->first.accepted : 0) + 1};
  TRY(write(next, found ? std::optional(found->second) : std::nullopt));
  stored_ = next;
  latest_ = last_wall_;
  return ok();
}

Status Timekeeper::judge_clock() {
  if (now().behind) {
    return fail(ErrorCode::clock_behind,
                "the clock is behind the latest time seen; set it right, or run: countersign clock accept");
  }
  return ok();
}

}  // namespace countersign::auth
