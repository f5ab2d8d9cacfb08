#include "auth/sessions/browser_login.hpp"

#include "auth/records/consumed.hpp"

namespace countersign::auth::sessions {

Status BrowserLogin::judge_and_consume(const records::OpenedChallenge& opened, const proving::Response& response,
                                       const Visit& visit, const Moment& moment) {
  const records::Challenge& challenge = opened.challenge;
  const proving::Prover prover = TRY(proof_.prove(opened, response, moment));
  if (TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag))) {
    return fail(ErrorCode::challenge_consumed);
  }
  storage::Batch batch;
  records::Account account = prover.stored.account;
  if (context_.accounts.stage_username(batch, account, challenge.extra)) {
    context_.accounts.stage_change(batch, prover.stored, account);
  } else {
    batch.require_version(records::account_name(account.id), prover.stored.version);
  }
  stage_consumed(batch, context_.seal, opened, "",
                 records::WaitingLogin{account.id, account.fingerprint, account.epoch, challenge.expires_at});
  return context_.audit.commit(batch, {records::Decision::login_signed, moment.wall, account.id,
                                       account.fingerprint.upper(), "", visit.source, challenge.browser});
}

Result<std::string> BrowserLogin::sign(const proving::Response& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response, records::Purpose::login, visit, moment));
  if (opened.challenge.transport != records::Transport::browser) return fail(ErrorCode::transport_mismatch);
  TRY(until_settled([&] { return judge_and_consume(opened, response, visit, moment); }));
  return opened.sealed.code;
}

Result<RefreshedSession> BrowserLogin::judge_and_open(const records::LoginAttempt& attempt, const std::string& code,
                                                      const Visit& visit, const Moment& moment) {
  const std::string& tag = attempt.challenge_tag;
  auto stored = TRY(records::find_stored_consumed(context_.medium, context_.seal, tag));
  if (!stored) return fail(ErrorCode::challenge_invalid, "code: nothing was signed for it");
  if (!stored->consumed.waiting) return fail(ErrorCode::challenge_consumed);
  records::WaitingLogin waiting = *stored->consumed.waiting;
  storage::Batch batch;
  if (const Status judged = judge_code(waiting, attempt.code, code, moment.judged); !judged) {
    if (judged.error().code == ErrorCode::challenge_invalid) {
      ++waiting.wrong_codes;
      stage_waiting(batch, context_.seal, tag, *std::move(stored), waiting);
      TRY(context_.medium.commit(batch));
    }
    return tl::unexpected<Error>(judged.error());
  }
  const auto account = TRY(proving::find_active(context_, waiting.account, waiting.epoch, waiting.key));
  batch.require_version(records::account_name(account.account.id), account.version);
  stage_waiting(batch, context_.seal, tag, *std::move(stored), std::nullopt);
  auto [session, token] = TRY(sessions_.make(account.account, moment));
  session.method = "key";
  session.fingerprint = waiting.key.upper();
  session.transport = name_of(records::Transport::browser);
  TRY(sessions_.stage_open(batch, session, token));
  context_.accounts.stage_seen(batch, waiting.account, moment.wall);
  TRY(context_.audit.commit(batch, {records::Decision::login_accepted, moment.wall, session.account,
                                    session.fingerprint, session.id, visit.source, "by code"}));
  log_login(session, visit);
  return RefreshedSession{std::move(session), std::move(token)};
}

Result<RefreshedSession> BrowserLogin::enter(const records::LoginAttempt& attempt, const std::string& code,
                                             const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&] { return judge_and_open(attempt, code, visit, moment); });
}

}  // namespace countersign::auth::sessions
