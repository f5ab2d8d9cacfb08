#include "auth/upkeep/sweeping.hpp"

#include <algorithm>
#include <utility>

#include "auth/records/consumed.hpp"
#include "auth/records/invite.hpp"
#include "auth/records/session.hpp"

namespace countersign::auth::upkeep {
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
  if (!ended && !restored && stored && judge_account(stored->account, session.epoch)) {
    if (!session.replaced_at) ++open_in_page_;
    return false;
  }

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

Result<bool> Sweeper::stage_invite(storage::Batch& batch, const std::string& name, const Moment& moment) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry) return false;
  const records::Invite invite = TRY(records::parse_invite(entry->record));
  if (moment.judged < records::end_of(invite) + records::kInviteKeptAfterEnd) return false;
  batch.require_version(name, entry->version);
  batch.erase(name);
  return true;
}

// Judged anew: one of them was used meanwhile.
Result<std::size_t> Sweeper::erase_one_by_one(Stage stage, const std::vector<std::string>& names,
                                              const Moment& moment) {
  std::size_t erased = 0;
  for (const std::string& name : names) {
    storage::Batch batch;
    const auto staged = (this->*stage)(batch, name, moment);
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
  while (folders_[turn_].ended) turn_ = (turn_ + 1) % folders_.size();
  Folder& folder = folders_[turn_];
  const auto names = TRY(folder.round.names(context_.medium, page));
  storage::Batch batch;
  std::vector<std::string> dead;
  open_in_page_ = 0;  // a page that could not be dealt with comes again
  for (const std::string& name : names) {
    ++swept.looked_at;
    const auto staged = (this->*folder.stage)(batch, name, moment);
    if (staged && *staged) dead.push_back(name);
    // Damaged, or under a key that is not there: it stays, and is refused by its own rules. Only a medium out of order
    // ends the page, or one planted record would stop the sweeping for good.
    if (!staged && staged.error().code == ErrorCode::storage_unavailable) return tl::unexpected<Error>(staged.error());
  }
  const Status committed = dead.empty() ? ok() : context_.medium.commit(batch);
  if (!committed && committed.error().code == ErrorCode::storage_unavailable) {
    return tl::unexpected<Error>(committed.error());
  }
  swept.erased = committed ? dead.size() : TRY(erase_one_by_one(folder.stage, dead, moment));
  folder.ended = folder.round.pass(names, page);
  open_so_far_ += open_in_page_;
  if (folder.ended && folder.stage == &Sweeper::stage_session) open_sessions_ = std::exchange(open_so_far_, 0);
  turn_ = (turn_ + 1) % folders_.size();
  swept.went_round = std::all_of(folders_.begin(), folders_.end(), [](const Folder& one) { return one.ended; });
  if (swept.went_round) {
    for (Folder& one : folders_) one.ended = false;
  }
  return swept;
}

std::optional<std::int64_t> Sweeper::open_sessions() const {
  const std::int64_t count = open_sessions_;
  return count < 0 ? std::nullopt : std::optional(count);
}

}  // namespace countersign::auth::upkeep
