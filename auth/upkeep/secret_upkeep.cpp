#include "auth/upkeep/secret_upkeep.hpp"

#include <algorithm>

#include "auth/records/consumed.hpp"
#include "auth/secrets/private_file.hpp"
#include "storage/base/enum_names.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr const char* kLockFile = "keys.lock";
constexpr EnumNames<SecretState::coming, SecretState::kept> kStates("coming", "in use", "opening", "retirable", "kept");

struct Found {
  secrets::SecretFamily family{};
  std::size_t index = 0;
};

std::optional<Found> find(const secrets::Secrets& secrets, std::string_view id) {
  for (const secrets::SecretFamily family : secrets::kSecretFamilies) {
    const auto& keys = secrets.family(family);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].id == id) return Found{family, i};
    }
  }
  return std::nullopt;
}

SecretState state_of(secrets::SecretFamily name, const std::vector<secrets::SecretKey>& family, std::size_t index,
                     const std::optional<KeyUse>& use, Instant now) {
  if (name == secrets::SecretFamily::decoy || name == secrets::SecretFamily::audit) return SecretState::kept;
  const std::size_t in_use = index_in_use(family, now);
  if (index == in_use) return SecretState::in_use;
  if (index > in_use) return SecretState::coming;
  const bool past = *safe_to_retire_at(name, family, index, now) <= now;
  return past && !(use && use->is_needed()) ? SecretState::retirable : SecretState::opening;
}

std::string text_of(const KeyUse& use) {
  std::string text;
  for (const auto& [kind, count] : use.counts) {
    if (kind == "audit") continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " in " + kind;
  }
  return text;
}

// What names it, and what to do about that.
Status judge_use(const KeyUse& use) {
  if (!use.is_needed()) return ok();
  std::string detail = "it is named by " + text_of(use);
  const auto passwords = use.counts.find("passwords");
  if (use.counts.size() > (passwords == use.counts.end() ? 0U : 1U) + (use.is_in_audit() ? 1U : 0U)) {
    detail += "; `countersign secret reseal` seals records anew";
  }
  if (passwords != use.counts.end()) {
    detail += "; a password is hashed anew at the next login with it, or set or removed by you, as of";
    for (const std::string& account : use.accounts) detail += " " + account;
    if (passwords->second > static_cast<std::int64_t>(use.accounts.size())) detail += " ...";
  }
  return fail(ErrorCode::secret_in_use, detail);
}

// Nothing is under it yet, but by a clock that is ahead its time may have come. There is always another: the one in
// use.
Status judge_coming(const secrets::SecretKey& key, bool leaked, Instant now) {
  if (leaked || now + kTakeOver < key.from) return ok();
  return fail(
      ErrorCode::secret_in_use,
      "it is to be used from " + format_time(key.from) +
          " on, which is too soon to be sure that no server does; one that is in other hands goes with --leaked");
}

Status judge_time(const Found& found, const secrets::Secrets& secrets, bool leaked, Instant now) {
  const auto& family = secrets.family(found.family);
  const std::string name(name_of(found.family));
  if (found.family == secrets::SecretFamily::decoy) {
    return fail(ErrorCode::malformed_message,
                "the decoy key stays: with another, decoys would change and give "
                "themselves away");
  }
  if (found.family == secrets::SecretFamily::audit) {
    return fail(ErrorCode::secret_in_use, "audit records name it, and cannot be sealed anew; it opens nothing else");
  }
  if (found.index > index_in_use(family, now)) return judge_coming(family[found.index], leaked, now);
  if (leaked && found.family != secrets::SecretFamily::seal) {
    return fail(ErrorCode::malformed_message,
                "a seal key alone is retired whatever needs it: without a record key, records would be lost");
  }
  const auto safe = safe_to_retire_at(found.family, family, found.index, now);
  if (!safe) {
    return fail(ErrorCode::secret_in_use, "it is in use; make another first: countersign secret rotate " + name);
  }
  if (now >= *safe || leaked) return ok();
  return fail(ErrorCode::secret_in_use,
              std::string(found.family == secrets::SecretFamily::seal ? "challenges that it sealed may be open"
                                                                      : "a server may still be writing with it") +
                  "; safe at " + format_time(*safe));
}

// Every Authenticator holds the record key that it seals with.
Result<secrets::FileLock> seize_unused(const std::filesystem::path& folder, const std::string& id) {
  auto lock = secrets::FileLock::seize(folder / secret_file_name(secrets::SecretFamily::record, id));
  if (lock || lock.error().code != ErrorCode::busy) return lock;
  return fail(ErrorCode::secret_in_use,
              "a server or a command that runs since before still seals records with it; let "
              "it end, or start it anew");
}

}  // namespace

std::string_view name_of(SecretState state) {
  return kStates.of(state);
}

std::optional<Instant> safe_to_retire_at(secrets::SecretFamily name, const std::vector<secrets::SecretKey>& family,
                                         std::size_t index, Instant now) {
  if (index >= index_in_use(family, now)) return std::nullopt;
  const Instant superseded = family[index + 1].from + kTakeOver;
  return name == secrets::SecretFamily::seal
             ? superseded + records::kChallengeLifetimeMax + records::kConsumedKeptAfterExpiry
             : superseded;
}

Result<secrets::FileLock> SecretUpkeep::lock() {
  auto lock = secrets::FileLock::acquire(context_.secrets.folder() / kLockFile);
  if (lock) return lock;
  return fail(lock.error().code, lock.error().detail +
                                     "; where something else delivers the secrets, such as credentials of systemd, "
                                     "they are changed there");
}

Result<SecretUpkeep::Held> SecretUpkeep::hold() {
  TRY(context_.timekeeper.judge_clock());
  secrets::FileLock held = TRY(lock());
  const std::filesystem::path& folder = context_.secrets.folder();
  TRY(secrets::sweep_secret_files(folder));
  const Instant now = context_.timekeeper.now().wall;
  secrets::Secrets secrets = TRY(secrets::Secrets::load_families(folder, now));
  return Held{std::move(held), now, std::move(secrets)};
}

Result<std::vector<SecretView>> SecretUpkeep::list(const Progress& progress) {
  const Instant now = context_.timekeeper.now().wall;
  const secrets::Secrets& secrets = context_.secrets;
  std::map<std::string, KeyUse> uses;
  const auto& record = secrets.family(secrets::SecretFamily::record);
  const bool counted = index_in_use(record, now) > 0;
  if (counted) uses = TRY(count_key_use(context_.medium, secrets.folder(), progress));
  std::vector<SecretView> views;
  for (const secrets::SecretFamily name : secrets::kSecretFamilies) {
    const auto& family = secrets.family(name);
    for (std::size_t i = 0; i < family.size(); ++i) {
      SecretView view{name, family[i].id, family[i].created_at, family[i].from, {}, {}, {}};
      if (counted && (name == secrets::SecretFamily::record || name == secrets::SecretFamily::audit))
        view.use = uses[view.id];
      view.state = state_of(name, family, i, view.use, now);
      const bool ages = view.state == SecretState::opening || view.state == SecretState::retirable;
      if (ages && !(view.use && view.use->is_needed())) view.safe_at = safe_to_retire_at(name, family, i, now);
      views.push_back(std::move(view));
    }
  }
  return views;
}

Result<SecretView> SecretUpkeep::rotate(const std::string& family, Seconds after, const Visit& visit) {
  const auto name = secrets::secret_family_named(family);
  if (name == secrets::SecretFamily::decoy) {
    return fail(ErrorCode::malformed_message,
                "the decoy key never rotates: with another, decoys would change and give themselves away");
  }
  if (!name || *name == secrets::SecretFamily::audit)
    return fail(ErrorCode::malformed_message, "the families are seal, record");
  if (after < Seconds(0) || after > kRotationAheadMax) {
    return fail(ErrorCode::malformed_message, "a key is used from now on or within 30 days");
  }
  const Held held = TRY(hold());
  const Instant now = held.now;
  // Times are whole seconds, and of two keys of one second neither would be the later.
  const auto& keys = held.secrets.family(*name);
  const Instant from = std::max(now + after, keys[index_in_use(keys, now)].from + Seconds(1));
  const secrets::SecretKey key = TRY(secrets::make_secret_key(context_.rng, now, from));
  TRY(context_.audit.commit({}, {records::Decision::secret_rotated, now, "", "", "", visit.source,
                                 secret_file_name(*name, key.id) + ", in use from " + format_time(key.from)}));
  TRY(write_secret_file(held.secrets.folder(), *name, key));
  return SecretView{
      *name,        key.id,      key.created_at, key.from, from > now ? SecretState::coming : SecretState::in_use,
      std::nullopt, std::nullopt};
}

Result<Resealing> SecretUpkeep::reseal(const Visit& visit, const Progress& progress) {
  auto resealed = TRY(reseal_records(context_.medium, context_.secrets, progress));
  if (resealed.records == 0) return resealed;
  TRY(context_.audit.commit(
      {}, {records::Decision::records_resealed, context_.timekeeper.now().wall, "", "", "", visit.source,
           std::to_string(resealed.records) + " under record-" + context_.secrets.newest_record_key().id}));
  return resealed;
}

Result<Retired> SecretUpkeep::retire(const std::string& id, bool leaked, const Visit& visit, const Progress& progress) {
  const Held held = TRY(hold());
  const std::filesystem::path& folder = held.secrets.folder();
  const auto found = find(held.secrets, id);
  if (!found) return fail(ErrorCode::not_found, "no key of that id; `countersign secret list` shows them");
  TRY(judge_time(*found, held.secrets, leaked, held.now));
  secrets::SecretKey key = held.secrets.family(found->family)[found->index];
  std::optional<secrets::FileLock> unused;
  if (found->family == secrets::SecretFamily::record) {
    unused = TRY(seize_unused(folder, id));
    const auto uses = TRY(count_key_use(context_.medium, folder, progress));
    if (const auto use = uses.find(id); use != uses.end()) {
      TRY(judge_use(use->second));
      key.last = use->second.last_audit;
    }
  }
  const Retired retired{found->family, id, !key.last.empty()};
  TRY(context_.audit.commit({}, {records::Decision::secret_retired, held.now, "", "", "", visit.source,
                                 secret_file_name(found->family, id) + (leaked ? ", leaked" : "")}));
  if (retired.kept_for_audit) TRY(write_secret_file(folder, secrets::SecretFamily::audit, key));
  TRY(destroy_secret_file(folder, found->family, id));
  return retired;
}

}  // namespace countersign::auth::upkeep
