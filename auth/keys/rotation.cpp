#include "auth/keys/rotation.hpp"

#include <optional>
#include "auth/records/consumed.hpp"

#include "auth/keys/key_change.hpp"
#include "auth/records/standing.hpp"

namespace countersign::auth::keys {
namespace {

constexpr const char* kReason = "key_superseded";

Status judge_managed(const records::Account& account) {
  if (account.managed) return ok();
  return fail(ErrorCode::account_not_managed, "the account's key is its owner's own");
}

}  // namespace

Result<records::Account> Rotation::commit(storage::Batch batch, const records::StoredAccount& stored,
                                          const openpgp::Enrollable& checked, const Visit& visit, const Moment& moment,
                                          const std::string& by) {
  records::Account changed = stored.account;
  if (const Status staged = stage_key_change(context_, batch, changed, checked, kReason, moment); !staged) {
    // Two reads are no snapshot: the key can be taken by whatever changed the account between them.
    TRY(context_.accounts.judge_unmoved(stored));
    return tl::unexpected<Error>(staged.error());
  }
  return withdraw(batch, stored, changed, visit, moment, by);
}

Result<records::Account> Rotation::withdraw(const storage::Batch& batch, const records::StoredAccount& stored,
                                            const records::Account& changed, const Visit& visit, const Moment& moment,
                                            const std::string& by) {
  return withdrawals_.commit(batch, stored, changed, {records::Withdrawn::rotated, stored.account.fingerprint, kReason},
                             {records::Decision::key_rotated, moment.wall, changed.id, changed.fingerprint.upper(), "",
                              visit.source, "from " + stored.account.fingerprint.upper() + " by " + by});
}

Result<ManagedAccount> Rotation::commit_made(const records::StoredAccount& stored, const Made& made, bool escrow,
                                             const Visit& visit, const Moment& moment, const std::string& by) {
  storage::Batch batch;
  records::Account changed = stored.account;
  TRY(stage_key_change(context_, batch, changed, made.key.checked, kReason, moment));
  changed.managed = true;
  if (escrow || stored.account.parts.contains(records::AccountPart::escrowed_key)) {
    context_.accounts.stage_part(batch, changed, records::AccountPart::escrowed_key, made.key.secret_key.reveal());
  }
  check_.stage(batch, changed, made.password);
  auto account = TRY(withdraw(batch, stored, changed, visit, moment, by));
  return ManagedAccount{std::move(account), made.key.secret_key};
}

Result<records::Account> Rotation::judge_statement(const records::OpenedChallenge& opened,
                                                   const RotationResponse& response, const openpgp::Enrollable& checked,
                                                   const Visit& visit, const Moment& moment) {
  const records::Challenge& challenge = opened.challenge;
  const auto stored = TRY(context_.accounts.find(challenge.account));
  if (!stored) return fail(ErrorCode::account_unknown);
  TRY(judge_standing(context_.medium, context_.accounts, *stored));
  const bool consumed = TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)).has_value();
  // A stick that comes twice is taken once, and told the same. The former certificate is gone by then; the new key
  // vouches for both.
  if (consumed && challenge.transport == records::Transport::courier &&
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
  stage_consumed(batch, context_.seal, opened, "");
  return commit(std::move(batch), *stored, checked, visit, moment, "statement");
}

Result<records::Account> Rotation::by_statement(const RotationResponse& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response.current, records::Purpose::rotate, visit, moment));
  if (response.next.challenge != response.current.challenge) {
    return fail(ErrorCode::challenge_invalid, "the two signatures answer two challenges");
  }
  const auto checked = TRY(openpgp::check_enrollable(context_.engine, response.public_key,
                                                     openpgp::gate::kCertificateReadBytesMax, moment.wall));
  if (checked.certificate.fingerprint().upper() != opened.challenge.extra) {
    return fail(ErrorCode::signature_by_another_key, "the certificate is not the one that the challenge names");
  }
  return until_settled([&] { return judge_statement(opened, response, checked, visit, moment); });
}

Result<records::Account> Rotation::by_administrator(const std::string& account, const std::string& public_key,
                                                    const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto checked = TRY(openpgp::check_enrollable(context_.engine, public_key,
                                                     openpgp::gate::kCertificateLocalReadBytesMax, moment.wall));
  return until_settled([&]() -> Result<records::Account> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    TRY(judge_account(stored->account, stored->account.epoch));
    return commit(storage::Batch(), *stored, checked, visit, moment, "administrator");
  });
}

Result<Rotation::Made> Rotation::make(const records::Account& account, const passwords::Password& next,
                                      const Moment& moment) {
  // An imported account has no name before its first login.
  auto key = TRY(key_maker_.make(account.username.empty() ? account.id : account.username, next, moment.wall));
  auto password = TRY(context_.password_hashes.make(next));
  return Made{std::move(key), std::move(password)};
}

Result<ManagedAccount> Rotation::by_password(const std::string& account, const passwords::Password& password,
                                             const passwords::Password& next, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(KeyMaker::check(next));
  // Nothing is made for one who has proven nothing.
  std::optional<proving::PasswordProof> proof = TRY(check_.prove(account, password));
  TRY(judge_managed(proof->stored.account));
  const Made made = TRY(make(proof->stored.account, next, moment));
  return until_settled([&]() -> Result<ManagedAccount> {
    if (!proof) proof = TRY(check_.prove(account, password));
    const records::StoredAccount stored = std::move(proof->stored);
    proof.reset();  // after a conflict it is proven anew
    TRY(judge_managed(stored.account));
    return commit_made(stored, made, false, visit, moment, "password");
  });
}

Result<ManagedAccount> Rotation::managed_by_administrator(const std::string& account, const passwords::Password& next,
                                                          bool escrow, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto find = [&]() -> Result<records::StoredAccount> {
    auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    TRY(judge_account(stored->account, stored->account.epoch));
    return *std::move(stored);
  };
  const Made made = TRY(make(TRY(find()).account, next, moment));
  return until_settled([&]() -> Result<ManagedAccount> {
    const auto stored = TRY(find());
    return commit_made(stored, made, escrow, visit, moment, "administrator");
  });
}

}  // namespace countersign::auth::keys
