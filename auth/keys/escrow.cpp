#include "auth/keys/escrow.hpp"

namespace countersign::auth::keys {

Result<Secret> Escrow::read(const records::StoredAccount& stored) {
  auto bytes = TRY(context_.accounts.read_part(stored, records::AccountPart::escrowed_key));
  if (!bytes) return fail(ErrorCode::escrow_absent);
  return Secret::take(*bytes);
}

Result<Secret> Escrow::by_password(const std::string& account, const passwords::Password& password,
                                   const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Result<Secret> {
    const auto proof = TRY(check_.prove(account, password));
    Secret key = TRY(read(proof.stored));
    storage::Batch batch;
    std::string detail = check_.stage_proven(batch, proof, "").detail;
    detail = detail.empty() ? "by password" : "by password, " + detail;
    TRY(context_.audit.commit(batch, {records::Decision::key_handed_out, moment.wall, account,
                                      proof.stored.account.fingerprint.upper(), "", visit.source, detail}));
    return key;
  });
}

Result<Secret> Escrow::by_administrator(const std::string& account, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Result<Secret> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored || stored->account.state == records::AccountState::deleted)
      return fail(ErrorCode::not_found, "no such account");
    auto key = read(*stored);
    if (!key && key.error().code == ErrorCode::escrow_absent) {
      return fail(ErrorCode::not_found, "the account has no escrowed key");
    }
    TRY(key);
    storage::Batch batch;
    batch.require_version(records::account_name(account), stored->version);
    TRY(context_.audit.commit(batch, {records::Decision::key_handed_out, moment.wall, account,
                                      stored->account.fingerprint.upper(), "", visit.source, "by administrator"}));
    return key;
  });
}

}  // namespace countersign::auth::keys
