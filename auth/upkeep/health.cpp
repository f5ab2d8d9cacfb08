#include "auth/upkeep/health.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/upkeep/ageing.hpp"

namespace countersign::auth::upkeep {
namespace {

using secrets::SecretFamily;

constexpr std::int64_t kMib = 1 << 20;

std::int64_t days_between(Instant since, Instant now) {
  return std::chrono::floor<std::chrono::days>(now - since).count();
}

// What was noted; nothing where the note cannot be read, which is a warning.
template <class Note>
std::optional<Note> readable(Result<std::optional<Note>> found, std::vector<std::string>& warnings) {
  if (found) return *std::move(found);
  warnings.push_back(fmt::format("what upkeep noted cannot be read: {}: {}", countersign::name_of(found.error().code),
                                 found.error().detail));
  return std::nullopt;
}

SecretAge age_of(const secrets::Secrets& all, SecretFamily family, Seconds age_max, Instant now) {
  const auto& keys = all.family(family);
  const std::size_t index = secrets::index_in_use(keys, now);
  SecretAge age{family, keys[index].id, keys[index].from, std::nullopt, std::nullopt};
  if (index + 1 < keys.size()) age.next = keys[index + 1].from;
  if (age_max != Seconds{0}) age.due = age.since + age_max;
  return age;
}

void warn_of_disk(Health& health, std::int64_t least) {
  if (!health.store.disk_free_bytes || *health.store.disk_free_bytes >= least) return;
  health.warnings.push_back(
      fmt::format("the disk of the store has {} MiB left; on a full one nobody logs in: make room",
                  *health.store.disk_free_bytes / kMib));
}

void warn_of_secrets(Health& health, Instant now) {
  for (const SecretAge& secret : health.secrets) {
    if (!secret.due || now < *secret.due || secret.next) continue;
    health.warnings.push_back(fmt::format(
        "the {} key {} has been in use for {} days; run: countersign secret rotate {}", secrets::name_of(secret.family),
        secret.id, days_between(secret.since, now), secrets::name_of(secret.family)));
  }
}

// `made`: when the store was made, for one that was never backed up.
void warn_of_backup(Health& health, Seconds age_max, Instant made, Instant now) {
  const Instant last = health.backup ? health.backup->at : made;
  if (age_max == Seconds{0} || now - last < age_max) return;
  health.warnings.push_back(health.backup ? fmt::format("the last backup is {} days old; run: countersign backup FILE",
                                                        days_between(last, now))
                                          : "the store was never backed up; run: countersign backup FILE");
}

}  // namespace

std::string_view name_of(storage::BallastState state) {
  switch (state) {
    case storage::BallastState::not_kept:
      return "not kept";
    case storage::BallastState::there:
      return "there";
    case storage::BallastState::missing:
      return "missing";
    case storage::BallastState::no_room:
      return "no room";
    case storage::BallastState::too_small:
      return "disk too small";
  }
  return "";
}

std::string_view ballast_warning(storage::BallastState state) {
  switch (state) {
    case storage::BallastState::not_kept:
    case storage::BallastState::there:
    case storage::BallastState::missing:
      return "";
    case storage::BallastState::no_room:
      return "the disk is too full for it: if it fills up, nothing can be revoked here";
    case storage::BallastState::too_small:
      return "the disk is too small for it: once it is full, nothing can be revoked here";
  }
  return "";
}

std::string_view clock_state(const Moment& moment) {
  return moment.behind ? "behind" : moment.ahead ? "ahead" : "right";
}

Status judge_store(const StoreFacts& store) {
  if (store.moved_away) {
    return fail(ErrorCode::storage_unavailable,
                "the store was moved away or replaced under the running server: stop it, and put the store back");
  }
  if (!store.disk_free_bytes || *store.disk_free_bytes >= kMib) return ok();
  return fail(ErrorCode::storage_unavailable, "the disk of the store is full: make room");
}

Result<SessionCount> count_sessions(const Context& context, std::size_t most) {
  const auto names = TRY(context.medium.list("sessions/", "", most + 1));
  return SessionCount{static_cast<std::int64_t>(std::min(names.size(), most)), names.size() > most};
}

Health look_over(const Context& context, const KeyWatch& key_watch, const HealthSettings& settings) {
  Health health;
  const Moment moment = context.timekeeper.now();
  const Instant now = moment.wall;
  health.warnings = key_watch.warnings(now);
  health.clock = clock_state(moment);
  const auto ends = keys_ending(key_watch.facts(), Instant::max());
  if (!ends.empty()) health.key_ends = ends.front().at;
  health.inspection = readable(last_inspection(context), health.warnings);
  if (health.inspection && health.inspection->damaged > 0) {
    health.warnings.push_back(
        fmt::format("{} records are damaged, and whoever needs one is refused: `countersign status --deep`",
                    health.inspection->damaged));
  }
  if (settings.store_facts) health.store = settings.store_facts();
  warn_of_disk(health, settings.disk_free_bytes);
  health.ballast = context.ballast.state();
  if (const auto why = ballast_warning(health.ballast); !why.empty()) {
    health.warnings.push_back(fmt::format("no ballast: {}", why));
  }
  if (moment.ahead) {
    health.warnings.emplace_back(
        "the clock jumped more than an hour ahead: nothing that has expired is swept until it is set right, or the "
        "server is started anew");
  }
  health.secrets = {age_of(context.secrets, SecretFamily::seal, settings.secret_age, now),
                    age_of(context.secrets, SecretFamily::record, settings.secret_age, now)};
  warn_of_secrets(health, now);
  health.backup = readable(last_backup(context), health.warnings);
  warn_of_backup(health, settings.backup_age, context.identity.certificates().back().since, now);
  return health;
}

}  // namespace countersign::auth::upkeep
