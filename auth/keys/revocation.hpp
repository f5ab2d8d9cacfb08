// Revoking an account's key, and taking that back.
//
// Four ways lead here (S38): a `revoke` statement signed by the key, an OpenPGP revocation certificate of the key, the
// account's password, and an administrator. Each is one batch: state, epoch, the revocation record, the list's line,
// the audit entry; so every session and every open challenge ends with it, and a login that races it wins or loses as a
// whole.
#pragma once

#include <functional>
#include <string>

#include "auth/keys/withdrawals.hpp"
#include "auth/proving/password_check.hpp"
#include "auth/proving/proof.hpp"
#include "auth/records/revocation_record.hpp"

namespace countersign::auth::keys {

// Any thread.
class Revocation {
 public:
  Revocation(const Context& context, Withdrawals& withdrawals, proving::PasswordCheck& check)
      : context_(context), proof_(context), withdrawals_(withdrawals), check_(check) {}

  // By a `revoke` response. As Login::redeem; a courier's response that was redeemed before gives the same record.
  Result<records::RevocationRecord> by_statement(const proving::Response& response, const Visit& visit);
  // By a revocation certificate, which is a proof by itself: the stored certificate carries it from then on. What the
  // gate says of a text that is none; account_unknown, account_not_active, signature_by_another_key, signature_invalid.
  Result<records::RevocationRecord> by_certificate(const std::string& account, const std::string& revocation,
                                                   const Visit& visit);
  // By the account's password, whoever's its key is. malformed_message; as PasswordCheck::prove().
  Result<records::RevocationRecord> by_password(const std::string& account, const passwords::Password& password,
                                                const std::string& reason, const std::string& note, const Visit& visit);
  // By an administrator. not_found, account_not_active, malformed_message.
  Result<records::RevocationRecord> by_administrator(const std::string& account, const std::string& reason,
                                                     const std::string& note, const Visit& visit);
  // An administrator takes a revocation back, with another key where `public_key` is not empty. The epoch rises again:
  // nothing from before it lives. not_found; account_not_revoked; certificate_refused where the key itself is revoked,
  // has expired or is too weak; key_taken.
  Result<records::Account> restore(const std::string& account, const std::string& public_key, const Visit& visit);

  // Signs the record of a revoked account where its signature is missing. Nothing for any other account.
  Status complete(const std::string& account);

 private:
  struct Order {
    std::string reason;
    std::string note;
    std::string by;
    records::AuditEntry entry;
  };
  using Stage = std::function<void(storage::Batch&, records::Account&)>;
  Result<records::RevocationRecord> commit(const records::StoredAccount& stored, const Order& order,
                                           const Moment& moment, const Stage& stage);
  Result<records::RevocationRecord> judge_statement(const records::OpenedChallenge& opened,
                                                    const proving::Response& response, const Visit& visit,
                                                    const Moment& moment);
  Result<records::RevocationRecord> judge_certificate(const std::string& account,
                                                      const openpgp::gate::GatedRevocation& revocation,
                                                      const Visit& visit, const Moment& moment);
  Result<records::Account> judge_restoring(const std::string& account, const std::string& public_key,
                                           const Visit& visit, const Moment& moment);
  void sign(records::RevocationRecord& record, Instant now);

  const Context& context_;
  proving::Proof proof_;
  Withdrawals& withdrawals_;
  proving::PasswordCheck& check_;
};

}  // namespace countersign::auth::keys
