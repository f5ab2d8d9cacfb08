#include "auth/sessions/sessions.hpp"

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/base/log.hpp"
#include "auth/records/standing.hpp"

namespace countersign::auth::sessions {
namespace {

records::AuditEntry entry_of(records::Decision decision, const records::Session& session, const Visit& visit,
                             Instant at) {
  return {decision, at, session.account, session.fingerprint, session.id, visit.source, ""};
}

// A conflict on a session means that someone ended or replaced it meanwhile: it opens nothing any more.
Status denied_on_conflict(Status status) {
  if (!status && status.error().code == ErrorCode::conflict)
    return fail(ErrorCode::session_unknown, "changed meanwhile");
  return status;
}

}  // namespace

void log_login(const records::Session& session, const Visit& visit) {
  log_event(LogLevel::info, "login",
            {{"account", session.account},
             {"username", session.username},
             {"method", session.method},
             {"transport", session.transport},
             {"session", session.id},
             {"source", visit.source}});
}

void Sessions::stage_pointer(storage::Batch& batch, const records::Session& session, const std::string& record_name) {
  const std::string name = records::pointer_name(session.account, session.id);
  batch.put(name, context_.seal.close(name, Json::object().set("version", 1).set("record", record_name)));
}

Status Sessions::stage_open(storage::Batch& batch, const records::Session& session, const Secret& token) {
  const std::string name = TRY(records::session_name(token.reveal_text()));
  batch.require_absent(name);
  batch.put(name, context_.seal.close(name, write_session(session)));
  stage_pointer(batch, session, name);
  return ok();
}

Result<RefreshedSession> Sessions::make(const records::Account& account, const Moment& moment) const {
  Secret token = TRY(records::make_token(context_.rng));
  records::Session session;
  session.id = TRY(records::make_session_id(context_.rng));
  session.account = account.id;
  session.username = account.username;
  session.epoch = account.epoch;
  session.restores = context_.identity.restores();
  start(session, moment);
  return RefreshedSession{std::move(session), std::move(token)};
}

void Sessions::start(records::Session& session, const Moment& moment) const {
  session.use_before.reset();
  session.created_at = moment.judged;
  session.expires_at = moment.judged + context_.policies.session_absolute_limit;
  session.idle_expires_at = idle_limit_from(session, moment);
}

Instant Sessions::idle_limit_from(const records::Session& session, const Moment& moment) const {
  return std::min(moment.judged + context_.policies.session_idle_limit, session.expires_at);
}

Result<Sessions::Found> Sessions::find_by_name(const std::string& name) {
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry) return fail(ErrorCode::session_unknown);
  return Found{TRY(records::parse_session(entry->record)), name, entry->version};
}

Result<Sessions::Found> Sessions::find_by_token(const Secret& token) {
  return find_by_name(TRY(records::session_name(token.reveal_text())));
}

Result<std::optional<std::pair<Sessions::Found, storage::Version>>> Sessions::find_by_pointer(
    const std::string& account, const std::string& session_id) {
  return until_settled([&] { return try_pointer(account, session_id); });
}

Result<std::optional<std::pair<Sessions::Found, storage::Version>>> Sessions::try_pointer(
    const std::string& account, const std::string& session_id) {
  using Out = std::optional<std::pair<Found, storage::Version>>;
  const std::string name = records::pointer_name(account, session_id);
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry) return Out();
  const Json* record = entry->record.find("record");
  if (record == nullptr || record->string() == nullptr) return fail(ErrorCode::record_unreadable, name);
  auto found = find_by_name(*record->string());
  if (found) return Out(std::pair(*std::move(found), entry->version));
  if (found.error().code != ErrorCode::session_unknown) return tl::unexpected<Error>(found.error());
  // Ended between the two reads; or replaced, and then the pointer leads to another record by now.
  const auto again = TRY(storage::find(context_.medium, name));
  if (again && again->version != entry->version) return fail(ErrorCode::conflict, name);
  return Out();
}

Result<records::Profile> Sessions::judge(const records::Session& session, const Moment& moment) {
  TRY(judge_restores(session, context_.identity.restores()));
  TRY(judge_session(session, moment.judged));
  return until_settled([&]() -> Result<records::Profile> {
    const auto stored = TRY(context_.accounts.find(session.account));
    if (!stored) return fail(ErrorCode::account_unknown);
    TRY(judge_account(stored->account, session.epoch));
    TRY(judge_standing(context_.medium, context_.accounts, *stored));
    return stored->account.profile;
  });
}

std::optional<Sessions::Verified> Sessions::find_verified(const std::string& name, const Moment& moment) {
  const auto view = context_.verified.view();
  if (!view) return std::nullopt;
  const auto kept = view->find(name, &records::parse_session);
  if (!kept || !*kept) return std::nullopt;
  const records::Session& session = (*kept)->value;
  if (session.use_before || !records::judge_restores(session, context_.identity.restores()) ||
      !records::judge_session(session, moment.judged)) {
    return std::nullopt;
  }
  const auto stored = view->find(records::account_name(session.account), &records::parse_account);
  if (!stored || !*stored) return std::nullopt;
  const records::Account& account = (*stored)->value;
  const bool in_good_standing = account.id == session.account && records::judge_account(account, session.epoch) &&
                                !account.parts.contains(records::AccountPart::revocation);
  if (!in_good_standing) return std::nullopt;
  const auto unrevoked = view->is_absent(records::part_name(account.id, records::AccountPart::revocation));
  if (!unrevoked || !*unrevoked) return std::nullopt;
  return Verified{{session, name, (*kept)->version}, account.profile};
}

// The first use of a granted session. Two first uses at once: the loser reads what the winner wrote.
Result<Sessions::Found> Sessions::started(Found found, const Moment& moment, const Visit& visit) {
  for (int judged = 0; judged < kJudgedTimesMax && found.session.use_before; ++judged) {
    records::Session session = found.session;
    start(session, moment);
    storage::Batch batch;
    batch.require_version(found.name, found.version);
    const Bytes bytes = context_.seal.close(found.name, write_session(session));
    batch.put(found.name, bytes);
    const Status committed =
        context_.audit.commit(batch, entry_of(records::Decision::grant_used, session, visit, moment.wall));
    if (committed) return Found{session, found.name, storage::Version::of(bytes)};
    if (committed.error().code != ErrorCode::conflict) return tl::unexpected<Error>(committed.error());
    found = TRY(find_by_name(found.name));
    TRY(judge(found.session, moment));
  }
  if (found.session.use_before) return fail(ErrorCode::storage_unavailable, "the session changes too fast");
  return found;
}

void Sessions::touch(Found& found, const Moment& moment) {
  const Instant moved = idle_limit_from(found.session, moment);
  if (moment.behind || moved - found.session.idle_expires_at < context_.policies.session_idle_limit / 20) return;
  records::Session session = found.session;
  session.idle_expires_at = moved;
  storage::Batch batch;
  batch.require_version(found.name, found.version);
  batch.put(found.name, context_.seal.close(found.name, write_session(session)));
  // Whoever wrote first moved the limit, or ended the session; the next request sees which. A medium that fails here
  // costs only the extension.
  if (context_.medium.commit(batch)) found.session = session;
}

Result<records::Session> Sessions::admit(const Secret& token, const Visit& visit) {
  return TRY(admit_with_profile(token, visit)).session;
}

Result<Admitted> Sessions::admit_with_profile(const Secret& token, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const std::string name = TRY(records::session_name(token.reveal_text()));
  if (auto verified = find_verified(name, moment)) {
    touch(verified->found, moment);
    return Admitted{std::move(verified->found.session), std::move(verified->profile)};
  }
  Found found = TRY(find_by_name(name));
  auto profile = TRY(judge(found.session, moment));
  if (found.session.use_before) {
    found = TRY(started(std::move(found), moment, visit));
  } else {
    touch(found, moment);
  }
  return Admitted{std::move(found.session), std::move(profile)};
}

Status Sessions::end_replayed(const Found& replaced, const Visit& visit, const Moment& moment) {
  // Touched or refreshed by its holder meanwhile: it must end all the same.
  return until_settled([&]() -> Status {
    const auto current = TRY(find_by_pointer(replaced.session.account, replaced.session.id));
    if (!current) return fail(ErrorCode::session_replaced, "the session had ended before");
    storage::Batch batch;
    const std::string pointer = records::pointer_name(replaced.session.account, replaced.session.id);
    batch.require_version(pointer, current->second);
    batch.erase(pointer);
    batch.require_version(current->first.name, current->first.version);
    batch.erase(current->first.name);
    batch.erase(replaced.name);
    TRY(commit_urgently(context_, batch,
                        entry_of(records::Decision::session_replayed, replaced.session, visit, moment.wall)));
    return fail(ErrorCode::session_replaced,
                "a token replaced over 60 s ago was used to refresh; the session was ended");
  });
}

Result<RefreshedSession> Sessions::refresh(const Secret& token, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  Found used = TRY(find_by_token(token));
  std::optional<Found> lost;  // the replacement whose reply was lost
  if (used.session.replaced_at) {
    if (moment.judged - *used.session.replaced_at > records::kReplacedTokenGrace) {
      return tl::unexpected<Error>(end_replayed(used, visit, moment).error());
    }
    auto current = TRY(find_by_pointer(used.session.account, used.session.id));
    if (!current) return fail(ErrorCode::session_unknown);
    lost = std::move(current->first);
  }
  records::Session session = lost ? lost->session : used.session;
  TRY(judge(session, moment));
  if (session.use_before) {
    used = TRY(started(std::move(used), moment, visit));
    session = used.session;
  }
  if (!moment.behind) session.idle_expires_at = idle_limit_from(session, moment);

  storage::Batch batch;
  batch.require_version(used.name, used.version);
  // The one that was lost is replaced as well, at the same time as the one before: if it did arrive, two have the
  // session, and whoever of them comes later than the grace ends it.
  const Found& before = lost ? *lost : used;
  if (lost) batch.require_version(lost->name, lost->version);
  records::Session replaced = before.session;
  replaced.replaced_at = lost ? *used.session.replaced_at : moment.judged;
  batch.put(before.name, context_.seal.close(before.name, write_session(replaced)));
  Secret next = TRY(records::make_token(context_.rng));
  TRY(stage_open(batch, session, next));
  TRY(denied_on_conflict(
      context_.audit.commit(batch, entry_of(records::Decision::session_refreshed, session, visit, moment.wall))));
  return RefreshedSession{std::move(session), std::move(next)};
}

Status Sessions::commit_end(const Found& found, const storage::Version& pointer_version, const Visit& visit,
                            records::Decision decision) {
  storage::Batch batch;
  const std::string pointer = records::pointer_name(found.session.account, found.session.id);
  batch.require_version(pointer, pointer_version);
  batch.erase(pointer);
  batch.require_version(found.name, found.version);
  batch.erase(found.name);
  return commit_urgently(context_, batch, entry_of(decision, found.session, visit, context_.timekeeper.now().wall));
}

Status Sessions::end(const Secret& token, const Visit& visit) {
  const Found found = TRY(find_by_token(token));
  TRY(judge(found.session, context_.timekeeper.now()));
  return end_one(found.session.account, found.session.id, visit);
}

Result<std::vector<records::Session>> Sessions::list(const std::string& account, std::size_t limit) {
  TRY(check_account_id(account));
  const Moment moment = context_.timekeeper.now();
  std::vector<records::Session> sessions;
  const std::string folder = records::pointer_name(account, "");
  if (limit == 0) return sessions;
  TRY(storage::visit_names(context_.medium, folder, "", [&](const std::string& name) -> Result<bool> {
    const auto found = TRY(find_by_pointer(account, name.substr(folder.size())));
    if (found && judge(found->first.session, moment)) sessions.push_back(found->first.session);
    return sessions.size() < limit;
  }));
  return sessions;
}

Result<records::Session> Sessions::show(const std::string& account, const std::string& session_id) {
  TRY(check_account_id(account));
  TRY(records::check_session_id(session_id));
  const auto found = TRY(find_by_pointer(account, session_id));
  if (!found) return fail(ErrorCode::not_found);
  const auto judged = judge(found->first.session, context_.timekeeper.now());
  // Nobody knows what a damaged account's session is worth.
  if (!judged && face_of(judged.error().code) == Face::integrity) return tl::unexpected<Error>(judged.error());
  if (!judged) return fail(ErrorCode::not_found);
  return found->first.session;
}

Status Sessions::end_one(const std::string& account, const std::string& session_id, const Visit& visit) {
  TRY(check_account_id(account));
  TRY(records::check_session_id(session_id));
  // Touched or refreshed meanwhile: it must end all the same.
  return until_settled([&]() -> Status {
    const auto found = TRY(find_by_pointer(account, session_id));
    if (!found) return fail(ErrorCode::not_found);
    return commit_end(found->first, found->second, visit, records::Decision::session_ended);
  });
}

Status Sessions::end_all(const std::string& account, const Visit& visit) {
  return until_settled([&]() -> Status {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found);
    records::Account changed = stored->account;
    ++changed.epoch;
    storage::Batch batch;
    context_.accounts.stage_change(batch, *stored, changed);
    return commit_urgently(
        context_, batch,
        {records::Decision::sessions_ended, context_.timekeeper.now().wall, account, "", "", visit.source, ""});
  });
}

}  // namespace countersign::auth::sessions
