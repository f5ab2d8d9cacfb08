#include "auth/sweeping.hpp"

#include "auth/challenges/proof.hpp"
#include "auth/sessions/session.hpp"

namespace countersign::auth {
namespace {

constexpr std::array<std::string_view, 3> kFolders = {"sessions/", "consumed/", "held/"};

}  // namespace

Result<bool> Sweeper::sweep_session(const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry) return false;
  const Session session = TRY(parse_session(entry->record));
  const auto stored = TRY(context_.accounts.find(session.account));
  // A replaced token is remembered as long as its session could live, so that its reuse is noticed.
  Session alive = session;
  alive.replaced_at.reset();
  const bool ended =
      session.replaced_at ? moment.judged >= session.expires_at : !judge_session(alive, moment.judged).has_value();
  const bool restored = !judge_restores(session, context_.identity.restores()).has_value();
  if (!ended && !restored && stored && judge_account(stored->account, session.epoch)) return false;

  storage::Batch batch;
  batch.require_version(name, entry->version);
  batch.erase(name);
  const std::string pointer = pointer_name(session.account, session.id);
  const auto pointing = TRY(find_record(context_.medium, context_.seal, pointer));
  const Json* record = pointing ? pointing->record.find("record") : nullptr;
  if (record != nullptr && record->string() != nullptr && *record->string() == name) {
    batch.require_version(pointer, pointing->version);
    batch.erase(pointer);
  }
  TRY(context_.medium.commit(batch));
  return true;
}

Result<bool> Sweeper::sweep_consumed(const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry || moment.judged < TRY(parse_consumed(entry->record)).keep_until) return false;
  storage::Batch batch;
  batch.require_version(name, entry->version);
  batch.erase(name);
  TRY(context_.medium.commit(batch));
  return true;
}

Result<bool> Sweeper::sweep_held(const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  const Json* at = entry ? entry->record.find("held_at") : nullptr;
  const auto held_at = at != nullptr && at->string() != nullptr ? parse_time(*at->string()) : std::nullopt;
  if (!held_at || moment.judged < *held_at + context_.policies.held_enrolment_lifetime) return false;
  storage::Batch batch;
  batch.require_version(name, entry->version);
  batch.erase(name);
  TRY(context_.medium.commit(batch));
  return true;
}

Result<bool> Sweeper::sweep_one(const std::string& name, const Moment& moment) {
  switch (folder_) {
    case 0:
      return sweep_session(name, moment);
    case 1:
      return sweep_consumed(name, moment);
    default:
      return sweep_held(name, moment);
  }
}

Result<Swept> Sweeper::sweep(std::size_t page) {
  const Moment moment = context_.timekeeper.now();
  Swept swept;
  if (moment.ahead) return swept;
  const auto names = TRY(context_.medium.list(kFolders[folder_], after_, page));
  for (const std::string& name : names) {
    ++swept.looked_at;
    const auto erased = sweep_one(name, moment);
    if (erased && *erased) ++swept.erased;
    // Used meanwhile (a conflict), damaged, or under a key that is not there: it stays, and is refused by its own
    // rules. Only a medium out of order ends the page, or one planted record would stop the sweeping for good.
    if (!erased && erased.error().code == ErrorCode::storage_unavailable) return tl::unexpected<Error>(erased.error());
  }
  after_ = names.empty() ? "" : names.back();
  if (names.size() < page) {
    after_.clear();
    folder_ = (folder_ + 1) % kFolders.size();
    swept.went_round = folder_ == 0;
  }
  return swept;
}

}  // namespace countersign::auth
