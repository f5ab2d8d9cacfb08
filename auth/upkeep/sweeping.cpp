#include "auth/upkeep/sweeping.hpp"

#include <array>

#include "auth/records/consumed.hpp"
#include "auth/records/session.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::array<std::string_view, 3> kFolders = {"sessions/", "consumed/", "held/"};

}  // namespace

Result<bool> Sweeper::stage_session(storage::Batch& batch, const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry) return false;
  const records::Session session = TRY(records::parse_session(entry->record));
  const auto stored = TRY(context_.accounts.find(session.account));
  // A replaced token is remembered as long as its session could live, so that its reuse is noticed.
  records::Session alive = session;
  alive.replaced_at.reset();
  const bool ended =
      session.replaced_at ? moment.judged >= session.expires_at : !judge_session(alive, moment.judged).has_value();
  const bool restored = !judge_restores(session, context_.identity.restores()).has_value();
  if (!ended && !restored && stored && judge_account(stored->account, session.epoch)) return false;

  const std::string pointer = records::pointer_name(session.account, session.id);
  const auto pointing = TRY(find_record(context_.medium, context_.seal, pointer));
  batch.require_version(name, entry->version);
  batch.erase(name);
  const Json* record = pointing ? pointing->record.find("record") : nullptr;
  if (record != nullptr && record->string() != nullptr && *record->string() == name) {
    batch.require_version(pointer, pointing->version);
    batch.erase(pointer);
  }
  return true;
}

Result<bool> Sweeper::stage_consumed(storage::Batch& batch, const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry || moment.judged < TRY(records::parse_consumed(entry->record)).keep_until) return false;
  batch.require_version(name, entry->version);
  batch.erase(name);
  return true;
}

Result<bool> Sweeper::stage_held(storage::Batch& batch, const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  const Json* at = entry ? entry->record.find("held_at") : nullptr;
  const auto held_at = at != nullptr && at->string() != nullptr ? parse_time(*at->string()) : std::nullopt;
  if (!held_at || moment.judged < *held_at + context_.policies.held_enrolment_lifetime) return false;
  batch.require_version(name, entry->version);
  batch.erase(name);
  return true;
}

Result<bool> Sweeper::stage(storage::Batch& batch, const std::string& name, const Moment& moment) {
  switch (folder_) {
    case 0:
      return stage_session(batch, name, moment);
    case 1:
      return stage_consumed(batch, name, moment);
    default:
      return stage_held(batch, name, moment);
  }
}

// Judged anew: one of them was used meanwhile.
Result<std::size_t> Sweeper::erase_one_by_one(const std::vector<std::string>& names, const Moment& moment) {
  std::size_t erased = 0;
  for (const std::string& name : names) {
    storage::Batch batch;
    const auto staged = stage(batch, name, moment);
    if (staged && !*staged) continue;
    const Status done = staged ? context_.medium.commit(batch) : tl::unexpected<Error>(staged.error());
    if (!done && done.error().code == ErrorCode::storage_unavailable) return tl::unexpected<Error>(done.error());
    if (done) ++erased;
  }
  return erased;
}

Result<Swept> Sweeper::sweep(std::size_t page) {
  const Moment moment = context_.timekeeper.now();
  Swept swept;
  swept.went_round = moment.ahead;
  if (moment.ahead) return swept;
  const auto names = TRY(context_.medium.list(kFolders[folder_], after_, page));
  storage::Batch batch;
  std::vector<std::string> dead;
  for (const std::string& name : names) {
    ++swept.looked_at;
    const auto staged = stage(batch, name, moment);
    if (staged && *staged) dead.push_back(name);
    // Damaged, or under a key that is not there: it stays, and is refused by its own rules. Only a medium out of order
    // ends the page, or one planted record would stop the sweeping for good.
    if (!staged && staged.error().code == ErrorCode::storage_unavailable) return tl::unexpected<Error>(staged.error());
  }
  const Status committed = dead.empty() ? ok() : context_.medium.commit(batch);
  if (!committed && committed.error().code == ErrorCode::storage_unavailable) {
    return tl::unexpected<Error>(committed.error());
  }
  swept.erased = committed ? dead.size() : TRY(erase_one_by_one(dead, moment));
  after_ = names.empty() ? "" : names.back();
  if (names.size() < page) {
    after_.clear();
    folder_ = (folder_ + 1) % kFolders.size();
    swept.went_round = folder_ == 0;
  }
  return swept;
}

Result<Swept> Sweeper::sweep_for(std::chrono::milliseconds time, const Clock& clock, std::size_t page) {
  const auto end = clock.monotonic() + time;
  Swept all;
  do {
    const Swept swept = TRY(sweep(page));
    all.looked_at += swept.looked_at;
    all.erased += swept.erased;
    all.went_round = swept.went_round;
  } while (!all.went_round && clock.monotonic() < end);
  return all;
}

}  // namespace countersign::auth::upkeep
