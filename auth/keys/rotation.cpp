#include "auth/keys/rotation.hpp"

#include "auth/keys/key_change.hpp"
#include "auth/keys/standing.hpp"

namespace countersign::auth {
namespace {

constexpr const char* kReason = "key_superseded";

}  // namespace

Result<Account> Rotation::commit(storage::Batch batch, const StoredAccount& stored, const openpgp::Enrollable& checked,
                                 const Visit& visit, const Moment& moment, const std::string& by) {
  Account changed = stored.account;
  TRY(stage_key_change(context_, batch, changed, checked, kReason, moment));
  return withdrawals_.commit(batch, stored, changed, {Withdrawn::rotated, stored.account.fingerprint, kReason},
                             {Decision::key_rotated, moment.wall, changed.id, changed.fingerprint.upper(), "",
                              visit.source, "from " + stored.account.fingerprint.upper() + " by " + by});
}

Result<Account> Rotation::judge_statement(const OpenedChallenge& opened, const RotationResponse& response,
                                          const openpgp::Enrollable& checked, const Visit& visit,
                                          const Moment& moment) {
  const Challenge& challenge = opened.challenge;
  const auto stored = TRY(context_.accounts.find(challenge.account));
  if (!stored) return fail(ErrorCode::account_unknown);
  TRY(judge_standing(context_.medium, context_.accounts, *stored));
  const bool consumed = TRY(find_consumed(context_, opened.sealed.tag)).has_value();
  // A stick that comes twice is taken once, and told the same. The former certificate is gone by then; the new key
  // vouches for both.
  if (consumed && challenge.transport == Transport::courier &&
      stored->account.fingerprint == checked.certificate.fingerprint()) {
    TRY(proof_.verify(opened, response.next, checked.certificate, moment));
    return stored->account;
  }
  TRY(judge_account(stored->account, challenge.epoch));
  if (stored->account.fingerprint != challenge.key) return fail(ErrorCode::epoch_passed, "the key is another now");
  const auto certificate = TRY(context_.accounts.certificate_of(*stored));
  TRY(proof_.verify(opened, response.current, certificate, moment));
  TRY(proof_.verify(opened, response.next, checked.certificate, moment));
  if (consumed) return fail(ErrorCode::challenge_consumed);
  storage::Batch batch;
  stage_consumed(batch, context_, opened, "");
  return commit(std::move(batch), *stored, checked, visit, moment, "statement");
}

Result<Account> Rotation::by_statement(const RotationResponse& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const OpenedChallenge opened = TRY(proof_.open(response.current, Purpose::rotate, visit, moment));
  if (response.next.challenge != response.current.challenge) {
    return fail(ErrorCode::challenge_invalid, "the two signatures answer two challenges");
  }
  const auto checked = TRY(
      openpgp::check_enrollable(context_.engine, response.public_key, openpgp::kCertificateReadBytesMax, moment.wall));
  if (checked.certificate.fingerprint().upper() != opened.challenge.extra) {
    return fail(ErrorCode::signature_by_another_key, "the certificate is not the one that the challenge names");
  }
  return until_settled([&] { return judge_statement(opened, response, checked, visit, moment); });
}

Result<Account> Rotation::by_administrator(const std::string& account, const std::string& public_key,
                                           const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto checked =
      TRY(openpgp::check_enrollable(context_.engine, public_key, openpgp::kCertificateLocalReadBytesMax, moment.wall));
  return until_settled([&]() -> Result<Account> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    TRY(judge_account(stored->account, stored->account.epoch));
    return commit(storage::Batch(), *stored, checked, visit, moment, "administrator");
  });
}

}  // namespace countersign::auth
