#include "auth/accounts/passwords.hpp"

#include "auth/records/consumed.hpp"
namespace countersign::auth::accounts {

Result<sessions::RefreshedSession> Passwords::open_session(const proving::PasswordProof& proof,
                                                           const std::string& username, const Moment& moment,
                                                           const Visit& visit) {
  storage::Batch batch;
  const auto [account, detail] = check_.stage_proven(batch, proof, username);
  auto [session, token] = TRY(sessions_.make(account, moment));
  session.method = "password";
  session.transport = "http";
  TRY(sessions_.stage_open(batch, session, token));
  context_.accounts.stage_seen(batch, account.id, moment.wall);
  TRY(context_.audit.commit(
      batch, {records::Decision::login_by_password, moment.wall, account.id, "", session.id, visit.source, detail}));
  sessions::log_login(session, visit);
  return sessions::RefreshedSession{std::move(session), std::move(token)};
}

Result<sessions::RefreshedSession> Passwords::log_in(const records::AccountName& name,
                                                     const passwords::Password& password, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const std::string account = TRY(resolve(name));
  return until_settled([&]() -> Result<sessions::RefreshedSession> {
    const auto proof = TRY(check_.prove(account, password));
    return open_session(proof, name.username, moment, visit);
  });
}

Status Passwords::commit_change(const records::StoredAccount& stored, const passwords::HashedPassword* hashed,
                                records::AuditEntry entry, storage::Batch& batch) {
  records::Account changed = stored.account;
  ++changed.epoch;
  if (hashed != nullptr) {
    check_.stage(batch, changed, *hashed);
  } else {
    check_.stage_none(batch, changed);
  }
  context_.accounts.stage_change(batch, stored, changed);
  entry.account = changed.id;
  return hashed == nullptr ? commit_urgently(context_, batch, entry) : context_.audit.commit(batch, entry);
}

Status Passwords::change(const std::string& account, const passwords::Password& password,
                         const passwords::Password& next, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Status {
    const auto proof = TRY(check_.prove(account, password));
    const auto hashed = TRY(context_.password_hashes.make(next));
    storage::Batch batch;
    return commit_change(proof.stored, &hashed,
                         {records::Decision::password_changed, moment.wall, "", "", "", visit.source, "by password"},
                         batch);
  });
}

Result<records::StoredAccount> Passwords::judge_response(const records::OpenedChallenge& opened,
                                                         const proving::Response& response, const Moment& moment) {
  proving::Prover prover = TRY(proof_.prove(opened, response, moment));
  if (TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)))
    return fail(ErrorCode::challenge_consumed);
  return std::move(prover.stored);
}

Status Passwords::change(const proving::Response& response, const passwords::Password& next, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response, records::Purpose::password, visit, moment));
  // Before anything is hashed: a challenge alone, which anybody gets, makes nobody hash.
  TRY(until_settled([&] { return judge_response(opened, response, moment); }));
  const auto hashed = TRY(context_.password_hashes.make(next));
  return until_settled([&]() -> Status {
    const auto stored = TRY(judge_response(opened, response, moment));
    storage::Batch batch;
    stage_consumed(batch, context_.seal, opened, "");
    return commit_change(stored, &hashed,
                         {records::Decision::password_changed, moment.wall, "", stored.account.fingerprint.upper(), "",
                          visit.source, "by response"},
                         batch);
  });
}

Result<records::StoredAccount> Passwords::find_active(const std::string& account) {
  auto stored = TRY(context_.accounts.find(account));
  if (!stored || stored->account.state == records::AccountState::deleted)
    return fail(ErrorCode::not_found, "no such account");
  TRY(judge_account(stored->account, stored->account.epoch));
  return *std::move(stored);
}

Status Passwords::set(const std::string& account, const passwords::Password& next, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(find_active(account));
  const auto hashed = TRY(context_.password_hashes.make(next));
  return until_settled([&]() -> Status {
    const auto stored = TRY(find_active(account));
    storage::Batch batch;
    return commit_change(stored, &hashed, {records::Decision::password_set, moment.wall, "", "", "", visit.source, ""},
                         batch);
  });
}

Status Passwords::remove(const std::string& account, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Status {
    const auto stored = TRY(find_active(account));
    if (password_scheme_of(stored.account) == records::PasswordScheme::none)
      return fail(ErrorCode::not_found, "no password");
    storage::Batch batch;
    return commit_change(stored, nullptr,
                         {records::Decision::password_removed, moment.wall, "", "", "", visit.source, ""}, batch);
  });
}

}  // namespace countersign::auth::accounts
