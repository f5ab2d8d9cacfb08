#include "auth/sessions/login.hpp"

#include "auth/openpgp/policy.hpp"
#include "auth/records/consumed.hpp"
#include "auth/records/session_grant.hpp"

namespace countersign::auth::sessions {

Result<std::string> Login::seal_grant(const records::Session& session, const Secret& token,
                                      const proving::Prover& prover, const Moment& moment) {
  const auto facts = TRY(context_.engine.inspect(prover.certificate, moment.wall));
  const auto key = TRY(openpgp::choose_encryption_key(facts, moment.wall));
  const Secret text = records::write_session_grant({context_.identity.name(), context_.identity.fingerprint(),
                                                    session.account, session.id, *session.use_before, token});
  const auto successions = context_.identity.successions_at(moment.wall);
  return context_.engine.seal({prover.certificate, key.fingerprint, text.reveal_text(),
                               !prover.stored.account.show_key_id, moment.wall, successions});
}

Result<LoginAnswer> Login::judge_and_commit(const records::OpenedChallenge& opened, const proving::Response& response,
                                            const Visit& visit, const Moment& moment) {
  const records::Challenge& challenge = opened.challenge;
  const proving::Prover prover = TRY(proof_.prove(opened, response, moment));
  if (const auto consumed = TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag))) {
    if (consumed->grant.empty()) return fail(ErrorCode::challenge_consumed);
    return LoginAnswer{std::nullopt, consumed->grant};
  }

  const bool courier = challenge.transport == records::Transport::courier;
  storage::Batch batch;
  records::Account account = prover.stored.account;
  const bool named = context_.accounts.stage_username(batch, account, challenge.extra);
  if (named) {
    context_.accounts.stage_change(batch, prover.stored, account);
  } else {
    batch.require_version(records::account_name(account.id), prover.stored.version);
  }
  auto [session, token] = TRY(sessions_.make(account, moment));
  session.method = "key";
  session.fingerprint = account.fingerprint.upper();
  session.transport = name_of(challenge.transport);
  if (courier) session.use_before = moment.judged + context_.policies.grant_lifetime;

  const std::string grant = courier ? TRY(seal_grant(session, token, prover, moment)) : std::string();
  stage_consumed(batch, context_.seal, opened, grant);
  TRY(sessions_.stage_open(batch, session, token));
  context_.accounts.stage_seen(batch, challenge.account, moment.wall);
  TRY(context_.audit.commit(
      batch, {courier ? records::Decision::login_granted : records::Decision::login_accepted, moment.wall,
              session.account, session.fingerprint, session.id, visit.source, named ? "name learnt" : ""}));
  log_login(session, visit);
  if (courier) return LoginAnswer{std::nullopt, grant};
  return LoginAnswer{RefreshedSession{std::move(session), std::move(token)}, ""};
}

Result<LoginAnswer> Login::redeem(const proving::Response& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response, records::Purpose::login, visit, moment));
  auto answer = judge_anew([&] { return judge_and_commit(opened, response, visit, moment); });
  if (answer || answer.error().code != ErrorCode::conflict) return answer;
  if (TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)))
    return fail(ErrorCode::challenge_consumed);
  return fail(ErrorCode::storage_unavailable, "the account changes too fast");
}

}  // namespace countersign::auth::sessions
